import { directions } from "../grid/direction.ts";
import { cellOffset, type SokobanRoom } from "./level.ts";

/**
 * Computes the number of pushes from each cell to the nearest target for a single box in the room,
 * `[cell]`; infinite if the box can never reach a target. A lower bound on the moves for that box.
 */
export function pushDistances(room: SokobanRoom): number[] {
  const distances = room.walls.map(() => Number.POSITIVE_INFINITY);
  for (const target of room.targets) distances[target] = 0;
  let frontier: readonly number[] = room.targets;
  for (let distance = 1; frontier.length > 0; distance++) {
    const next: number[] = [];
    for (const cell of frontier) {
      for (const direction of directions) {
        // Search backward: the box was one cell back, and the player who pushed it one cell further
        // back.
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
