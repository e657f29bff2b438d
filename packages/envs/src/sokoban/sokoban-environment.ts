import type { Environment } from "../environment.ts";
import { gridTexts } from "../grid/grid-texts.ts";
import { gridEnvironment } from "../grid/grid-environment.ts";
import type { SokobanLevel } from "./level.ts";
import { gymSokobanRewards, sokobanGame, type SokobanRewards } from "./sokoban-game.ts";

/** Options of {@link sokobanEnvironment}. */
export interface SokobanEnvironmentOptions {
  /** Format of observations: few words, or as in RAGEN. Default `"ragen"`. */
  readonly text?: "compact" | "ragen";
  /** Number of moves after which the episode ends unsolved, `>= 1`. Default 10, as in RAGEN. */
  readonly maxMoves?: number;
  /** Rewards. Default: gym-sokoban's rewards, which RAGEN uses. */
  readonly rewards?: SokobanRewards;
}

/**
 * Creates the environment of a room. The episode ends when all boxes are on targets, or after
 * `maxMoves` moves. An action is one direction, or several separated by `||`.
 */
export function sokobanEnvironment(
  level: SokobanLevel,
  { text = "ragen", maxMoves = 10, rewards = gymSokobanRewards() }: SokobanEnvironmentOptions = {},
): Environment {
  return gridEnvironment(sokobanGame(level, rewards), { text: gridTexts[text], maxMoves });
}
