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
  /** First state of the plan. Default: the start of the level. */
  readonly from?: SokobanState;
  /** Maximum number of states to search, `>= 1`. Default 1,000,000. */
  readonly maxStates?: number;
}

/**
 * Finds a shortest solution of a room by A*, with the push distances of the boxes as lower bound.
 * Deterministic.
 * @returns The moves; empty if the room is solved; `undefined` if it cannot be solved.
 * @throws `RangeError` if `maxStates` states were searched without a result.
 */
export function shortestSokobanPlan(
  level: SokobanLevel,
  { from = level.start, maxStates = 1_000_000 }: SokobanPlanOptions = {},
): Direction[] | undefined {
  checkInteger("shortestSokobanPlan", { maxStates }, { min: 1 });
  const keyOf = createStateKeys("shortestSokobanPlan", level);
  const lowerBound = createBound(level);
  const seen = new Set<number>();
  // Nodes by minimum total number of moves. The lower bound is consistent, so the first visit of a
  // state is along a shortest path to it.
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
        throw new RangeError(`shortestSokobanPlan: found no plan within ${maxStates} states`);
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

/** Creates a function that returns a lower bound on the moves that a state needs. */
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
