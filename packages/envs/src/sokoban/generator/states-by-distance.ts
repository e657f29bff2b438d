import { directions } from "../../grid/direction.ts";
import { sortCells, cellOffset, type SokobanRoom, type SokobanState } from "../level.ts";
import { createStateKeys } from "../state-key.ts";

/**
 * States of a room by the number of moves that they need to be solved, from 0 on: the game is played
 * backwards, with pulls instead of pushes, from every solved state at once. Each list is complete.
 * @param maxStates - Ends the search once so many states are known.
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

/** States from which one move leads to a state. */
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
