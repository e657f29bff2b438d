import type { Random } from "@turnwise/core";
import { cellName, gridVocabulary } from "../grid/compact-grid-format.ts";
import { directions } from "../grid/direction.ts";
import type { GridGame } from "../grid/grid-environment.ts";
import { neighbour, slip, listSlips, type Lake } from "./lake.ts";
import { writeLake } from "./lake-text.ts";

/** State of an episode on a lake. */
export interface LakeState {
  /** Cell of the player. */
  readonly cell: number;
  /** Number of steps taken so far. */
  readonly numSteps: number;
}

/** Prefixes of the words for cells: player, goal, hole. */
const kinds = ["p", "g", "o"] as const;

/**
 * Creates the grid game of a lake: it is won at the goal and lost in a hole.
 * @param options.slips - Random stream that makes the ice slippery. Each step has its own fork, so
 * that step n slips in the same way in every episode. Default: not slippery.
 * @param options.successReward - Reward of reaching the goal. Default 1, as in Gymnasium.
 */
export function lakeGame(
  lake: Lake,
  { slips, successReward = 1 }: { readonly slips?: Random; readonly successReward?: number } = {},
): GridGame<LakeState> {
  const [player, goal, hole] = kinds;
  const word = (kind: string, cell: number): string => `${kind}${cellName(cell, lake.width)}`;
  const fixed = [
    word(goal, lake.goal),
    ...lake.holes.flatMap((isHole, cell) => (isHole ? [word(hole, cell)] : [])),
  ];
  return {
    start: { cell: lake.start, numSteps: 0 },
    move: ({ cell, numSteps }, direction) => {
      const taken = slips ? slip(direction, slips.fork(`step/${numSteps}`)) : direction;
      return { cell: neighbour(lake, cell, taken), numSteps: numSteps + 1 };
    },
    draw: ({ cell }) => writeLake(lake, cell),
    picture: ({ cell: agent }) => ({
      width: lake.width,
      height: lake.height,
      cells: lake.holes.map((isHole) => (isHole ? "hole" : "floor")),
      agent,
      boxes: [],
      targets: [lake.goal],
    }),
    words: ({ cell }) => [word(player, cell), ...fixed].join(" "),
    result: ({ cell }) =>
      lake.holes[cell] === true ? "lost" : cell === lake.goal ? "won" : "open",
    effective: ({ cell }) =>
      directions.filter((direction) =>
        (slips ? listSlips(direction) : [direction]).some(
          (taken) => neighbour(lake, cell, taken) !== cell,
        ),
      ),
    reward: (_before, { cell }) => (cell === lake.goal ? successReward : 0),
  };
}

/** Lists all words of the compact format for lakes of a given size. */
export function lakeVocabulary(size: number): string {
  return gridVocabulary(size, size, kinds, directions);
}
