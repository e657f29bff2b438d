import { directions } from "../grid/direction.ts";
import type { GridGame } from "../grid/grid-environment.ts";
import { cellName, gridVocabulary } from "../grid/compact-grid-format.ts";
import { boxesOnTarget, isSolved, type SokobanLevel, type SokobanState } from "./level.ts";
import { move } from "./move.ts";
import { writeRoom } from "./room-text.ts";

/** Rewards of a room. */
export interface SokobanRewards {
  /** Reward of the move that solves the room. */
  readonly success: number;
  /** Reward of every move. Default 0. */
  readonly move?: number;
  /** Reward if a box reaches a target, and penalty if a box leaves one, `>= 0`. Default 0. */
  readonly box?: number;
}

/**
 * Creates the rewards of gym-sokoban, which RAGEN uses: -0.1 for every move, 1 if a box reaches a
 * target, -1 if a box leaves one.
 * @param success - Reward of the move that solves the room. Default 10, as in gym-sokoban.
 */
export function gymSokobanRewards(success = 10): SokobanRewards {
  return { success, move: -0.1, box: 1 };
}

/** Prefixes of the words for cells: player, box, target, inner wall. */
const kinds = ["p", "x", "o", "w"] as const;

/**
 * Creates the grid game of a room. Its score is the share of boxes on targets.
 * @param rewards - Rewards. Default: 10 for success, nothing else.
 */
export function sokobanGame(
  level: SokobanLevel,
  { success, move: moveReward = 0, box: boxReward = 0 }: SokobanRewards = { success: 10 },
): GridGame<SokobanState> {
  const { width, height, walls, targets, start } = level;
  const [player, box, target, wall] = kinds;
  const word = (kind: string, cell: number): string => `${kind}${cellName(cell, width)}`;
  const isInner = (cell: number): boolean => {
    const [row, column] = [Math.floor(cell / width), cell % width];
    return row > 0 && row < height - 1 && column > 0 && column < width - 1;
  };
  const fixed = [
    ...targets.map((cell) => word(target, cell)),
    ...walls.flatMap((isWall, cell) => (isWall && isInner(cell) ? [word(wall, cell)] : [])),
  ];
  return {
    start,
    move: (state, direction) => move(level, state, direction),
    draw: (state) => writeRoom(level, state),
    picture: ({ player: agent, boxes }) => ({
      width,
      height,
      cells: walls.map((isWall) => (isWall ? "wall" : "floor")),
      agent,
      boxes,
      targets,
    }),
    words: (state) =>
      [word(player, state.player), ...state.boxes.map((cell) => word(box, cell)), ...fixed].join(
        " ",
      ),
    result: (state) => (isSolved(level, state) ? "won" : "open"),
    effective: (state) => directions.filter((direction) => move(level, state, direction) !== state),
    reward: (before, after) => {
      // As in gym-sokoban, only the sign of the change counts, not the number of boxes.
      const change = Math.sign(boxesOnTarget(level, after) - boxesOnTarget(level, before));
      return moveReward + change * boxReward + (isSolved(level, after) ? success : 0);
    },
    score: (state) => boxesOnTarget(level, state) / targets.length,
  };
}

/** Lists all words of the compact format for rooms of a given size. */
export function sokobanVocabulary(width: number, height: number): string {
  return gridVocabulary(width, height, kinds, directions);
}
