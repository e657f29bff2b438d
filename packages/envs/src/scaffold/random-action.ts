import type { Random } from "@turnwise/core";
import type { Observation } from "../environment.ts";
import { submitMark } from "./bash-only.ts";
import type { Scaffold } from "./scaffold.ts";
import { encodeToolCall } from "./tool-call.ts";

/** Creates the action that submits the work with a scaffold's tools. */
export function createSubmission({ tools }: Pick<Scaffold, "tools">): string {
  const hasFinish = tools.some(({ schema }) => schema.function.name === "finish");
  return hasFinish
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
