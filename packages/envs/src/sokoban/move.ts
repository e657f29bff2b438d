import type { Direction } from "../grid/direction.ts";
import { sortCells, cellOffset, type SokobanRoom, type SokobanState } from "./level.ts";

/**
 * State after a move. The player steps onto a free cell, or pushes one box onto a free cell; a wall, or
 * a box that cannot be pushed, leaves everything as it is.
 * @returns The same object where nothing changed.
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
