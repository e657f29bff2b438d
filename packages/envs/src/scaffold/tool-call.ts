import { isRecord } from "../is-record.ts";
/** A tool call. */
export interface ToolCall {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** A parsed response. */
export interface ParsedCall {
  /** Text before the call; the whole response if there is no call. */
  readonly thought: string;
  /** First complete call outside the reasoning. */
  readonly call?: ToolCall;
  /** Message to the agent: why there is no call, or which calls were not run. */
  readonly note?: string;
}

/** Encodes a call as an action of the environment. */
export function encodeToolCall(call: ToolCall, note?: string): string {
  return JSON.stringify({ tool: call.tool, arguments: call.arguments, note });
}

/**
 * Encodes a response without a usable call as an action; the environment answers with the message.
 */
export function encodeRejection(note: string): string {
  return JSON.stringify({ note });
}

/** Decodes the call of {@link encodeToolCall}; `undefined` for any other action. */
export function decodeToolCall(action: string): ToolCall | undefined {
  return decodeAction(action).call;
}

/** Decodes an action: a call, a message to the agent, both, or neither. */
export function decodeAction(action: string): {
  readonly call?: ToolCall;
  readonly note?: string;
} {
  let value: unknown;
  try {
    value = JSON.parse(action);
  } catch {
    return {};
  }
  if (!isRecord(value)) return {};
  const { tool, arguments: given, note } = value;
  return {
    ...(typeof tool === "string" && isRecord(given) && { call: { tool, arguments: given } }),
    ...(typeof note === "string" && { note }),
  };
}
