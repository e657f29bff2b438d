import type { Random } from "@turnwise/core";
import { cellName, gridVocabulary } from "../grid/compact-grid-format.ts";
import { directions } from "../grid/direction.ts";
import type { GridGame } from "../grid/grid-environment.ts";
import { neighbour, slip, listSlips, type Lake } from "./lake.ts";
import { writeLake } from "./lake-text.ts";

/** Moment of an episode on a lake. */
export interface LakeState {
  /** Cell of the player. */
  readonly cell: number;
  /** Steps taken so far. */
  readonly numSteps: number;
}

/** First letters of the words that {@link lakeGame} writes: player, goal, hole. */
const kinds = ["p", "g", "o"] as const;

/**
 * A lake as a game: it is won in the goal and lost in a hole.
 * @param options.slips - Makes the ice slippery: the direction of each step is drawn from a stream of its
 *   own, so that the same steps slip alike in every episode. Default: firm ice.
 * @param options.successReward - Reward of the step into the goal. Default 1, as in Gymnasium.
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

/** Every word of the compact format on lakes of a size. */
export function lakeVocabulary(size: number): string {
  return gridVocabulary(size, size, kinds, directions);
}
