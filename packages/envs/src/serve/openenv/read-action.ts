import * as z from "zod";
import { isRecord } from "../../is-record.ts";
import { setting } from "../../setting.ts";
import { checkInput } from "../check-input.ts";
import type { ServedEnvironment } from "../served-environment.ts";
import { SessionError } from "../session-error.ts";
import { writeToolAction } from "../tools.ts";

/**
 * Schema of an action. Its only required field is the raw text of a model, because clients that
 * know only the schema write the text into this field.
 */
export const actionSchema: z.ZodType<{ readonly command: string }> = z.strictObject({
  command: setting(
    z.string(),
    "Action in the words of the environment, or a whole response if the session plays in prompts",
  ),
});

const callSchema = z.strictObject({
  type: z.literal("call_tool"),
  tool_name: z.string(),
  arguments: z.record(z.string(), z.unknown()).default({}),
});

/**
 * A step: a command, a tool call, a tool call with an unknown tool or wrong arguments, or a request for the
 * list of tools.
 */
export type ReadAction =
  | { readonly kind: "command"; readonly command: string }
  | { readonly kind: "tool"; readonly tool: string; readonly command: string }
  | { readonly kind: "refused"; readonly tool: string; readonly error: SessionError }
  | { readonly kind: "list" };

/** Reads the data of a step. @throws `SessionError` with code `invalid`. */
export function readAction(environment: ServedEnvironment, value: unknown): ReadAction {
  const type = isRecord(value) ? value["type"] : undefined;
  if (type === "list_tools") return { kind: "list" };
  if (type === "call_tool") {
    const { tool_name: tool, arguments: given } = checkInput("action", callSchema, value);
    try {
      return { kind: "tool", tool, command: writeToolAction(environment, tool, given) };
    } catch (error) {
      if (!(error instanceof SessionError)) throw error;
      return { kind: "refused", tool, error };
    }
  }
  return { kind: "command", command: checkInput("action", actionSchema, value).command };
}
