import { directions } from "../../grid/direction.ts";
import { sortCells, cellOffset, type SokobanRoom, type SokobanState } from "../level.ts";
import { createStateKeys } from "../state-key.ts";

/**
 * Yields the states of a room by the number of moves to a solution, from 0 on. The game is played
 * backward, with pulls instead of pushes, from all solved states. Each list is complete.
 * @param maxStates - Number of known states at which the search ends.
 */
export function* statesByDistance(
  room: SokobanRoom,
  maxStates: number,
): Generator<readonly SokobanState[], undefined> {
  const { walls, targets } = room;
  const keyOf = createStateKeys("statesByDistance", room);
  const seen = new Set<number>();
  const isNew = (state: SokobanState): boolean => {
    const key = keyOf(state);
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  };
  let layer = walls
    .flatMap((isWall, player) =>
      isWall || targets.includes(player) ? [] : [{ player, boxes: targets }],
    )
    .filter(isNew);
  while (layer.length > 0) {
    yield layer;
    if (seen.size > maxStates) return;
    layer = layer.flatMap((state) => predecessors(room, state)).filter(isNew);
  }
}

/** States from which one move reaches a given state. */
function predecessors(room: SokobanRoom, { player, boxes }: SokobanState): SokobanState[] {
  return directions.flatMap((direction) => {
    const offset = cellOffset(room, direction);
    const from = player - offset;
    if (room.walls[from] === true || boxes.includes(from)) return [];
    const pushed = boxes.indexOf(player + offset);
    return [
      { player: from, boxes },
      ...(pushed === -1 ? [] : [{ player: from, boxes: sortCells(boxes.with(pushed, player)) }]),
    ];
  });
}
