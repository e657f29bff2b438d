import type { Environment } from "../environment.ts";
import { gridTexts } from "../grid/grid-texts.ts";
import { gridEnvironment } from "../grid/grid-environment.ts";
import type { SokobanLevel } from "./level.ts";
import { gymSokobanRewards, sokobanGame, type SokobanRewards } from "./sokoban-game.ts";

/** Options of {@link sokobanEnvironment}. */
export interface SokobanEnvironmentOptions {
  /** Text of observations: few words, or RAGEN's. Default `"ragen"`. */
  readonly text?: "compact" | "ragen";
  /** Moves after which the episode ends unsolved, `>= 1`. Default 10, as in RAGEN. */
  readonly maxMoves?: number;
  /** Default: those of gym-sokoban, which RAGEN uses. */
  readonly rewards?: SokobanRewards;
}

/**
 * A room as an environment. The episode ends with all boxes on targets, or after `maxMoves` moves. An
 * action is one direction, or several separated by `||`.
 */
export function sokobanEnvironment(
  level: SokobanLevel,
  { text = "ragen", maxMoves = 10, rewards = gymSokobanRewards() }: SokobanEnvironmentOptions = {},
): Environment {
  return gridEnvironment(sokobanGame(level, rewards), { text: gridTexts[text], maxMoves });
}
