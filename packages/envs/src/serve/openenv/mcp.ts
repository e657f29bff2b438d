import { readMessage } from "../../call-within.ts";
import { isRecord } from "../../is-record.ts";
import type { ServedEnvironment } from "../served-environment.ts";
import { SessionError } from "../session-error.ts";
import type { SessionManager } from "../session-manager.ts";
import { describeTools, writeToolAction } from "../tools.ts";
import { toWireResult } from "./wire.ts";

/** Error of JSON-RPC. */
class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** Context of a call: the environment, and the session of the socket if there is one. */
export interface McpContext {
  readonly sessions: SessionManager;
  readonly environment: ServedEnvironment;
  readonly session?: string;
}

/** Implemented version of the Model Context Protocol. */
const protocolVersion = "2025-06-18";

/**
 * Answers a request of the Model Context Protocol in JSON-RPC 2.0. Tools act in the session of the
 * socket, or in one that `openenv/session/create` opened with the options of a reset.
 * @returns The response; `undefined` for a notification.
 */
export async function answerMcp(
  context: McpContext,
  request: unknown,
): Promise<object | undefined> {
  const id = isRecord(request) ? (request["id"] ?? null) : null;
  try {
    if (!isRecord(request) || request["jsonrpc"] !== "2.0") {
      throw new RpcError(-32_600, 'request must have jsonrpc "2.0"');
    }
    const { method, params = {} } = request;
    if (typeof method !== "string") throw new RpcError(-32_600, "method must be a string");
    if (method.startsWith("notifications/")) return undefined;
    if (!isRecord(params)) throw new RpcError(-32_602, "params must be an object");
    return { jsonrpc: "2.0", id, result: await call(context, method, params) };
  } catch (error) {
    return { jsonrpc: "2.0", id, error: describe(error) };
  }
}

async function call(
  { sessions, environment, session }: McpContext,
  method: string,
  params: Readonly<Record<string, unknown>>,
): Promise<object> {
  if (method === "initialize") {
    const serverInfo = { name: `turnwise-${environment.name}`, version: "1" };
    return { protocolVersion, capabilities: { tools: {} }, serverInfo };
  }
  if (method === "ping") return {};
  if (method === "tools/list") return { tools: describeTools(environment, "inputSchema") };
  if (method === "openenv/session/create") {
    const created = sessions.open(environment.name);
    try {
      const reply = await sessions.reset(created, params);
      return { session_id: created, ...toWireResult(reply) };
    } catch (error) {
      await sessions.close(created);
      throw error;
    }
  }
  const named = params["session_id"] ?? session;
  if (method === "openenv/session/close") {
    if (typeof named !== "string") throw new RpcError(-32_602, "session_id must be given");
    sessions.touch(named);
    await sessions.close(named);
    return { session_id: named, closed: true };
  }
  if (method !== "tools/call") throw new RpcError(-32_601, `method must be known, got ${method}`);
  const { name } = params;
  if (typeof name !== "string") throw new RpcError(-32_602, "name must be a string");
  if (typeof named !== "string") throw new RpcError(-32_602, "session_id must be given");
  const action = writeToolAction(environment, name, params["arguments"]);
  const result = toWireResult(await sessions.step(named, action, true));
  const content = [{ type: "text", text: result.observation.text }];
  return { content, structuredContent: result, isError: result.observation.failure !== null };
}

function describe(error: unknown): { readonly code: number; readonly message: string } {
  const message = readMessage(error);
  if (error instanceof RpcError) return { code: error.code, message };
  if (!(error instanceof SessionError)) return { code: -32_603, message };
  const isParameter = error.code === "invalid" || error.code === "unknown";
  return { code: isParameter ? -32_602 : -32_000, message };
}
