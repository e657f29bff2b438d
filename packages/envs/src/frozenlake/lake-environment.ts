import type { Random } from "@turnwise/core";
import type { Environment } from "../environment.ts";
import { gridTexts } from "../grid/grid-texts.ts";
import { gridEnvironment } from "../grid/grid-environment.ts";
import type { Lake } from "./lake.ts";
import { lakeGame } from "./lake-game.ts";

/** Options of {@link lakeEnvironment}. */
export interface LakeEnvironmentOptions {
  /** Text of observations: few words, or RAGEN's. Default `"ragen"`. */
  readonly text?: "compact" | "ragen";
  /** Moves after which the episode ends unsolved, `>= 1`. Default 10, as in RAGEN. */
  readonly maxMoves?: number;
  /** Reward of the step into the goal, `>= 0`. Default 1, as in Gymnasium. */
  readonly successReward?: number;
  /** Stream that fixes the slips of slippery ice. Default: firm ice. */
  readonly slips?: Random;
}

/**
 * A lake as an environment. The episode ends in the goal, in a hole, or after `maxMoves` moves. An action
 * is one direction, or several separated by `||`.
 */
export function lakeEnvironment(
  lake: Lake,
  { text = "ragen", maxMoves = 10, ...options }: LakeEnvironmentOptions = {},
): Environment {
  return gridEnvironment(lakeGame(lake, options), { text: gridTexts[text], maxMoves });
}
