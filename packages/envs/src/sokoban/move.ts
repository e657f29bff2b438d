import type { Direction } from "../grid/direction.ts";
import { sortCells, cellOffset, type SokobanRoom, type SokobanState } from "./level.ts";

/**
 * Returns the state after a move. The player moves to a free cell, or pushes one box to a free
 * cell; a wall, or a box that cannot be pushed, blocks the move.
 * @returns The same object if the state does not change.
 */
export function move(room: SokobanRoom, state: SokobanState, direction: Direction): SokobanState {
  const offset = cellOffset(room, direction);
  const player = state.player + offset;
  if (room.walls[player] === true) return state;
  const pushed = state.boxes.indexOf(player);
  if (pushed === -1) return { player, boxes: state.boxes };
  const box = player + offset;
  if (room.walls[box] === true || state.boxes.includes(box)) return state;
  return { player, boxes: sortCells(state.boxes.with(pushed, box)) };
}
