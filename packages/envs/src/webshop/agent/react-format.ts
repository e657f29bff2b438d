import type { AgentFormat } from "../../agent-format.ts";
import { parseAction } from "../session/parse-action.ts";

/**
 * ReAct's format: one growing text of observations and actions, in which `think[...]` is an action
 * too. For environments in mode `"react"`.
 *
 * @param example - Text before the task. The paper gives no instruction, but one complete episode
 *   in the same format, from the benchmark's training goals. `reactExample` writes such an episode
 *   with the shop's oracle. Default: none.
 * @see arXiv:2210.03629
 */
export function reactShopFormat({ example = "" }: { readonly example?: string } = {}): AgentFormat {
  return {
    presentation: "concatenated",
    prompt: (history, observation) =>
      history.length === 0
        ? `${example}${observation.text}\n\nAction:`
        : `\nObservation: ${observation.text}\n\nAction:`,
    write: (action) => ` ${action}`,
    // The model continues after "Action:", and may continue beyond its line.
    parse: (response) => {
      const action = response.trimStart().split("\n")[0]!.trim();
      const name = parseAction(action)?.name;
      return { action, isValid: name === "search" || name === "click" || name === "think" };
    },
  };
}
