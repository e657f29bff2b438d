import { directions } from "../grid/direction.ts";
import { cellOffset, type SokobanRoom } from "./level.ts";

/**
 * Number of pushes from each cell to the nearest target for a box that is alone in the room, `[cell]`;
 * infinite where a box can never reach one. A lower bound on the moves that a box still needs.
 */
export function pushDistances(room: SokobanRoom): number[] {
  const distances = room.walls.map(() => Number.POSITIVE_INFINITY);
  for (const target of room.targets) distances[target] = 0;
  let frontier: readonly number[] = room.targets;
  for (let distance = 1; frontier.length > 0; distance++) {
    const next: number[] = [];
    for (const cell of frontier) {
      for (const direction of directions) {
        // Backwards: the box came from one cell back, pushed by a player one cell further.
        const from = cell - cellOffset(room, direction);
        const player = from - cellOffset(room, direction);
        if (room.walls[from] !== false || room.walls[player] !== false) continue;
        if (distances[from]! <= distance) continue;
        distances[from] = distance;
        next.push(from);
      }
    }
    frontier = next;
  }
  return distances;
}
