import * as z from "zod";
import { setting } from "../setting.ts";
import { checkInput } from "./check-input.ts";
import { createInputSchema } from "./create-input-schema.ts";
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

/** Description of a tool for models, with the JSON Schema of its arguments under the given name. */
export type ToolDescription<Name extends string> = Pick<ServedTool, "name" | "description"> &
  Readonly<Record<Name, Readonly<Record<string, unknown>>>>;

const listTools = ({ tools = [actTool] }: ServedEnvironment): readonly ServedTool[] => tools;

/**
 * Describes the tools of an environment.
 * @param schemaName - Name that the protocol gives to the JSON Schema of the arguments.
 */
export function describeTools<Name extends string>(
  environment: ServedEnvironment,
  schemaName: Name,
): readonly ToolDescription<Name>[] {
  return listTools(environment).map(
    ({ name, description, parameters }) =>
      ({
        name,
        description,
        [schemaName]: createInputSchema(parameters),
      }) as ToolDescription<Name>,
  );
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
  const given = checkInput(name, tool.parameters, value);
  return tool.writeAction(given as Readonly<Record<string, unknown>>);
}
