import type { AgentFormat } from "../../agent-format.ts";
import { parseBareShopAction } from "./parse-response.ts";

/** The markers of {@link compactShopFormat}; a tokenizer for it keeps each as one token. */
export const compactShopMarkers = { observation: "<obs>", action: "<act>" } as const;

/**
 * A short format for small models: one growing sequence, the words of mode `"compact"`, and nothing
 * in a response but an action, such as `search[red wool scarf]`, `click[2]`, `click[blue]` or
 * `click[buy now]`.
 */
export function compactShopFormat(): AgentFormat {
  return {
    presentation: "concatenated",
    prompt: (_history, observation) =>
      `${compactShopMarkers.observation} ${observation.text} ${compactShopMarkers.action}`,
    write: (action) => action,
    parse: parseBareShopAction,
  };
}
