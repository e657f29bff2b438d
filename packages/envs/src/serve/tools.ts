import { describeIssue } from "@turnwise/core";
import * as z from "zod";
import { setting } from "../setting.ts";
import type { ServedEnvironment, ServedTool } from "./served-environment.ts";
import { SessionError } from "./session-error.ts";

/** Default tool of environments without tools. */
const actTool: ServedTool = {
  name: "act",
  description: "Perform an action in the environment and observe its result.",
  parameters: z.strictObject({
    command: setting(z.string(), "The action, in the words of the environment"),
  }),
  writeAction: ({ command }) => command as string,
};

/** Tools of an environment. */
export function listTools({ tools = [actTool] }: ServedEnvironment): readonly ServedTool[] {
  return tools;
}

/** JSON Schema of the arguments of a tool. */
export function createToolSchema({ parameters }: ServedTool): Readonly<Record<string, unknown>> {
  const { $schema: _, ...schema } = z.toJSONSchema(parameters, { io: "input" });
  return schema;
}

/**
 * Writes the action of a tool call.
 * @throws `SessionError` with code `unknown` for another tool, `invalid` for wrong arguments.
 */
export function writeToolAction(
  environment: ServedEnvironment,
  name: string,
  value: unknown,
): string {
  const tools = listTools(environment);
  const tool = tools.find((known) => known.name === name);
  if (tool === undefined) {
    const names = tools.map((known) => known.name).join(", ");
    throw new SessionError("unknown", `tool must be one of ${names}, got ${name}`);
  }
  const schema = tool.parameters;
  const result = schema.safeParse(value ?? {});
  if (result.success) return tool.writeAction(result.data as Readonly<Record<string, unknown>>);
  const message = describeIssue(result.error.issues[0]!, name, schema, value);
  throw new SessionError("invalid", message);
}
