import type { Random } from "@turnwise/core";
import type { Observation } from "../environment.ts";
import { encodeToolCall } from "./tool-call.ts";

const commands = [
  "ls",
  "git status",
  "git log --oneline -n 5",
  "git ls-files | head -n 50",
  "head -n 50 README*",
];

/**
 * Draws an action of the random baseline: one of five commands that look around, or the submission,
 * with equal probability. The benchmark has no list of admissible actions.
 */
export function drawSweAction(_observation: Observation, random: Random): string {
  const index = random.integer(commands.length + 1);
  const cmd = commands[index];
  return cmd === undefined
    ? encodeToolCall({ tool: "finish", arguments: { command: "submit" } })
    : encodeToolCall({ tool: "execute_bash", arguments: { cmd } });
}
