import type { Direction } from "../grid/direction.ts";
import { offsets } from "../grid/direction.ts";

/** Sokoban room at its start. Cells are numbered row by row from 0. */
export interface SokobanLevel {
  readonly width: number;
  readonly height: number;
  /** True for each cell that is a wall, `[cell]`. The whole border is wall. */
  readonly walls: readonly boolean[];
  /** Target cells for boxes, ascending; as many as there are boxes. */
  readonly targets: readonly number[];
  /** Initial positions of player and boxes. */
  readonly start: SokobanState;
}

/** Movable parts of a room: player and boxes. */
export interface SokobanState {
  /** Cell of the player. */
  readonly player: number;
  /** Cells of the boxes, ascending. */
  readonly boxes: readonly number[];
}

/** Immovable parts of a room. */
export type SokobanRoom = Omit<SokobanLevel, "start">;

/** Number of a cell's neighbour in a direction, minus the number of the cell. */
export function cellOffset({ width }: Pick<SokobanRoom, "width">, direction: Direction): number {
  const [row, column] = offsets[direction];
  return row * width + column;
}

/** True if every target has a box. */
export function isSolved({ targets }: SokobanRoom, { boxes }: SokobanState): boolean {
  return boxes.every((box, i) => box === targets[i]);
}

/** Number of boxes on a target. */
export function boxesOnTarget({ targets }: SokobanRoom, { boxes }: SokobanState): number {
  return boxes.filter((box) => targets.includes(box)).length;
}

/** Sorts cells in ascending order. */
export function sortCells(cells: readonly number[]): number[] {
  return cells.toSorted((a, b) => a - b);
}
