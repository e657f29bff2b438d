import type { AgentFormat } from "../../agent-format.ts";
import { parseAction } from "../session/parse-action.ts";

/**
 * ReAct's format: one growing text of observations and actions, in which `think[...]` is an action
 * too. For environments in mode `"react"`.
 *
 * @param example - What stands before the task: in the paper an instruction for what follows is
 *   not given, but one whole episode in the same form, made from the benchmark's training goals.
 *   `reactExample` writes one from a shop's own oracle. Default none.
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
    // The model goes on after "Action:", and may go on beyond its line.
    parse: (response) => {
      const action = response.trimStart().split("\n")[0]!.trim();
      const name = parseAction(action)?.name;
      return { action, isValid: name === "search" || name === "click" || name === "think" };
    },
  };
}
