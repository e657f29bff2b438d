import type { Direction } from "../grid/direction.ts";
import { offsets } from "../grid/direction.ts";

/** A Sokoban room at its start. Cells are numbered row by row from 0. */
export interface SokobanLevel {
  readonly width: number;
  readonly height: number;
  /** Walls, `[cell]`. The border is all wall. */
  readonly walls: readonly boolean[];
  /** Cells to push boxes to, ascending; as many as boxes. */
  readonly targets: readonly number[];
  /** Start of player and boxes. */
  readonly start: SokobanState;
}

/** The movable parts of a room. */
export interface SokobanState {
  /** Cell of the player. */
  readonly player: number;
  /** Cells of the boxes, ascending. */
  readonly boxes: readonly number[];
}

/** Part of a room that never changes. */
export type SokobanRoom = Omit<SokobanLevel, "start">;

/** Difference between a cell and its neighbour in a direction. */
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

/** Cells in ascending order. */
export function sortCells(cells: readonly number[]): number[] {
  return cells.toSorted((a, b) => a - b);
}
