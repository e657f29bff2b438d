import { checkInteger } from "@turnwise/core";
import { directions, type Direction } from "../grid/direction.ts";
import { isSolved, type SokobanLevel, type SokobanRoom, type SokobanState } from "./level.ts";
import { move } from "./move.ts";
import { pushDistances } from "./push-distances.ts";
import { createStateKeys } from "./state-key.ts";

interface Node {
  readonly state: SokobanState;
  readonly numMoves: number;
  readonly direction: Direction | undefined;
  readonly previous: Node | undefined;
}

/** Options of {@link shortestSokobanPlan}. */
export interface SokobanPlanOptions {
  /** State to begin with. Default: the level's start. */
  readonly from?: SokobanState;
  /** Number of states to look at before giving up, `>= 1`. Default 1,000,000. */
  readonly maxStates?: number;
}

/**
 * Fewest moves that solve a room, by A* with the push distances of the boxes as lower bound. Of equally
 * short plans it is always the same one.
 * @returns The moves, none if the room is solved; `undefined` if it cannot be solved.
 * @throws `RangeError` if it has looked at `maxStates` states without an answer.
 */
export function shortestSokobanPlan(
  level: SokobanLevel,
  { from = level.start, maxStates = 1_000_000 }: SokobanPlanOptions = {},
): Direction[] | undefined {
  checkInteger("shortestSokobanPlan", { maxStates }, { min: 1 });
  const keyOf = createStateKeys("shortestSokobanPlan", level);
  const lowerBound = createBound(level);
  const seen = new Set<number>();
  // Nodes by number of moves made and needed at least; the bound is consistent, so that the first
  // visit of a state is the shortest way to it.
  const queues: Node[][] = [];
  const push = (node: Node): void => {
    const total = node.numMoves + lowerBound(node.state);
    if (total !== Number.POSITIVE_INFINITY) (queues[total] ??= []).push(node);
  };
  push({ state: from, numMoves: 0, direction: undefined, previous: undefined });
  for (let total = 0; total < queues.length; total++) {
    const queue = queues[total] ?? [];
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      const { state, numMoves } = node;
      const key = keyOf(state);
      if (seen.has(key)) continue;
      if (isSolved(level, state)) return movesTo(node);
      seen.add(key);
      if (seen.size > maxStates) {
        throw new RangeError(
          `shortestSokobanPlan: a plan must be found within ${maxStates} states, got none`,
        );
      }
      for (const direction of directions) {
        const after = move(level, state, direction);
        if (after === state) continue;
        push({ state: after, numMoves: numMoves + 1, direction, previous: node });
      }
    }
  }
  return undefined;
}

/** Moves that a state needs at least. */
function createBound(room: SokobanRoom): (state: SokobanState) => number {
  const distances = pushDistances(room);
  return ({ boxes }) => boxes.reduce((sum, box) => sum + distances[box]!, 0);
}

function movesTo(last: Node): Direction[] {
  const moves: Direction[] = [];
  for (let node: Node | undefined = last; node?.direction; node = node.previous) {
    moves.push(node.direction);
  }
  return moves.reverse();
}
