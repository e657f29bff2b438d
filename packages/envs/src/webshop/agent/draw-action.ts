import type { Random } from "@turnwise/core";
import { drawAdmissible } from "../../baselines.ts";
import type { Observation } from "../../environment.ts";
import { anySearch } from "./shop-environment.ts";

/** Number of words of a random query. */
const queryWords = 3;

/**
 * Draws one of the admissible actions, all equally likely. The query of a search consists of three
 * words of the page, drawn with replacement.
 */
export function drawShopAction(observation: Observation, random: Random): string | undefined {
  const action = drawAdmissible(observation, random);
  if (action !== anySearch) return action;
  const words = observation.text.match(/\p{L}{3,}/gu) ?? ["product"];
  const query = Array.from({ length: queryWords }, () => random.choice(words));
  return `search[${query.join(" ")}]`;
}
