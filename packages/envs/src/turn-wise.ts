import { checkInteger } from "@turnwise/core";
import type { AgentFormat, PastTurn } from "./agent-format.ts";

/**
 * Makes a turn-wise format of a concatenated format: each prompt consists of the first turn, which
 * contains the task, the last turns, and the current observation, in the wording of the
 * concatenated format.
 * @param format - A concatenated format.
 * @param historyLength - Number of last turns in a prompt, `>= 0`, or `"all"`. Default 2, as in
 *   verl-agent's prompts.
 * @param separator - Text between a prompt and its response, and between turns. Default: a space.
 * @throws `RangeError` if the format is already turn-wise.
 */
export function turnWise(
  format: AgentFormat,
  {
    historyLength = 2,
    separator = " ",
  }: { readonly historyLength?: number | "all"; readonly separator?: string } = {},
): AgentFormat {
  if (historyLength !== "all") checkInteger("turnWise", { historyLength }, { min: 0 });
  if (format.presentation !== "concatenated") {
    throw new RangeError(
      `turnWise: format.presentation must be concatenated, got ${format.presentation}`,
    );
  }
  return {
    ...format,
    presentation: "turn-wise",
    prompt: (history, observation) => {
      const write = ({ observation: before, action }: PastTurn, i: number): string =>
        `${format.prompt(history.slice(0, i), before)}${separator}${format.write(action)}`;
      const numShown = historyLength === "all" ? history.length : historyLength;
      const firstShown = Math.max(1, history.length - numShown);
      const parts = history.flatMap((turn, i) =>
        i === 0 || i >= firstShown ? [write(turn, i)] : [],
      );
      return [...parts, format.prompt(history, observation)].join(separator);
    },
  };
}
