import type { Random } from "@turnwise/core";
import type { Environment } from "../environment.ts";
import { gridTexts } from "../grid/grid-texts.ts";
import { gridEnvironment } from "../grid/grid-environment.ts";
import type { Lake } from "./lake.ts";
import { lakeGame } from "./lake-game.ts";

/** Options of {@link lakeEnvironment}. */
export interface LakeEnvironmentOptions {
  /** Format of observations: few words, or as in RAGEN. Default `"ragen"`. */
  readonly text?: "compact" | "ragen";
  /** Number of moves after which the episode ends unsolved, `>= 1`. Default 10, as in RAGEN. */
  readonly maxMoves?: number;
  /** Reward of reaching the goal, `>= 0`. Default 1, as in Gymnasium. */
  readonly successReward?: number;
  /** Random stream of the slips on slippery ice. Default: the ice is not slippery. */
  readonly slips?: Random;
}

/**
 * Creates the environment of a lake. The episode ends at the goal, in a hole, or after `maxMoves`
 * moves. An action is one direction, or several separated by `||`.
 */
export function lakeEnvironment(
  lake: Lake,
  { text = "ragen", maxMoves = 10, ...options }: LakeEnvironmentOptions = {},
): Environment {
  return gridEnvironment(lakeGame(lake, options), { text: gridTexts[text], maxMoves });
}
