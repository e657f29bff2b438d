import { directions, type Direction } from "../grid/direction.ts";
import { isEnd, neighbour, type Lake } from "./lake.ts";

/**
 * Fewest steps to the goal on firm ice, by breadth-first search. Of equally short paths it is always the
 * same one.
 * @param from - Cell to begin in. Default: the start.
 * @returns The steps, none if the player is there; `undefined` if holes are in the way.
 */
export function shortestLakePath(lake: Lake, from: number = lake.start): Direction[] | undefined {
  const paths = new Map<number, readonly Direction[]>([[from, []]]);
  // A map is iterated in insertion order, including entries added during the iteration.
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
