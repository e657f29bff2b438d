import type { Random } from "@turnwise/core";
import type { Observation } from "../environment.ts";
import { submitMark } from "./bash-only.ts";
import type { Scaffold } from "./scaffold.ts";
import { encodeToolCall } from "./tool-call.ts";

/** True if a scaffold has a tool of this name. */
export const hasTool = ({ tools }: Pick<Scaffold, "tools">, name: string): boolean =>
  tools.some(({ schema }) => schema.function.name === name);

/** Creates the action that submits the work with a scaffold's tools. */
export function createSubmission(scaffold: Pick<Scaffold, "tools">): string {
  return hasTool(scaffold, "finish")
    ? encodeToolCall({ tool: "finish", arguments: { command: "submit" } })
    : encodeToolCall({ tool: "execute_bash", arguments: { cmd: `echo ${submitMark}` } });
}

/**
 * Creates the random baseline of tasks without a list of admissible actions: one of the commands,
 * or the submission, with equal probability.
 */
export function createRandomAction(
  scaffold: Pick<Scaffold, "tools">,
  commands: readonly string[],
): (observation: Observation, random: Random) => string {
  return (_observation, random) => {
    const cmd = commands[random.integer(commands.length + 1)];
    return cmd === undefined
      ? createSubmission(scaffold)
      : encodeToolCall({ tool: "execute_bash", arguments: { cmd } });
  };
}
