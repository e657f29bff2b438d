import type { AgentFormat } from "../../agent-format.ts";
import { parseBareAction } from "../parse.ts";
import { thoughtMark } from "./answer-thoughts.ts";

/**
 * Shortens an observation as in ReAct: removes the welcome paragraph, or the number of the location
 * after an arrival.
 */
export function shortenObservation(text: string): string {
  return text.replace(/^-= .* =-\n+/u, "").replace(/^You arrive at loc \d+\. /u, "");
}

/**
 * ReAct's format for ALFWorld: one growing text in which the agent's lines follow `>`; a line
 * `think: ...` is also an action. Two complete episodes of the same task type precede the task. Use
 * it with environments wrapped by `answerThoughts`. Only the first line of a response counts; it is
 * valid if it is a thought or an admissible action.
 *
 * @param writeExamples - Returns the two episodes for a first observation, see `writeReactExamples`.
 * @see arXiv:2210.03629, github.com/ysymyth/ReAct (MIT)
 */
export function reactFormat(
  writeExamples: (firstObservation: string) => readonly [string, string],
): AgentFormat {
  return {
    presentation: "concatenated",
    prompt: (history, observation) => {
      if (history.length > 0) return `\n${shortenObservation(observation.text)}\n>`;
      const examples = writeExamples(observation.text).join("\n");
      return (
        `Interact with a household to solve a task. Here are two examples.\n${examples}\n` +
        `Here is the task.\n${shortenObservation(observation.text)}\n>`
      );
    },
    write: (action) => ` ${action}`,
    parse: (response, observation) => {
      const [line = ""] = response.trimStart().replace(/^>\s*/u, "").split("\n");
      const action = line.trim();
      if (action.startsWith(thoughtMark)) return { action, isValid: true };
      return parseBareAction(action, observation);
    },
  };
}
