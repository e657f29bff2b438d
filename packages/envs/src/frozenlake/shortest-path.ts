import { directions, type Direction } from "../grid/direction.ts";
import { isEnd, neighbour, type Lake } from "./lake.ts";

/**
 * Finds a shortest path to the goal without slipping, by breadth-first search. Deterministic.
 * @param from - First cell of the path. Default: the start.
 * @returns The steps; empty if `from` is the goal; `undefined` if there is no path.
 */
export function shortestLakePath(lake: Lake, from: number = lake.start): Direction[] | undefined {
  const paths = new Map<number, readonly Direction[]>([[from, []]]);
  // Iterating over a map includes entries that are added during the iteration.
  for (const [cell, path] of paths) {
    if (cell === lake.goal) return [...path];
    if (isEnd(lake, cell)) continue;
    for (const direction of directions) {
      const next = neighbour(lake, cell, direction);
      if (!paths.has(next)) paths.set(next, [...path, direction]);
    }
  }
  return undefined;
}
