import type { Random } from "@turnwise/core";
import { offsets, type Direction } from "../grid/direction.ts";

/** A frozen lake. Cells are numbered row by row from 0; there is no border. */
export interface Lake {
  readonly width: number;
  readonly height: number;
  /** True for each cell that is a hole, `[cell]`. */
  readonly holes: readonly boolean[];
  readonly start: number;
  readonly goal: number;
}

/** Directions in the order of Gymnasium and RAGEN; adjacent entries are at right angles. */
export const lakeDirections: readonly Direction[] = ["Left", "Down", "Right", "Up"];

/** Returns the cell after one step without slipping; a step off the lake stays in place. */
export function neighbour({ width, height }: Lake, cell: number, direction: Direction): number {
  const [down, right] = offsets[direction];
  const row = Math.floor(cell / width) + down;
  const column = (cell % width) + right;
  const isInside = row >= 0 && row < height && column >= 0 && column < width;
  return isInside ? row * width + column : cell;
}

/**
 * Lists the directions that a step on slippery ice can take, each with probability 1/3, as in
 * Gymnasium: the intended one and the two at right angles to it.
 */
export function listSlips(direction: Direction): readonly Direction[] {
  const i = lakeDirections.indexOf(direction);
  return [lakeDirections[(i + 3) % 4]!, direction, lakeDirections[(i + 1) % 4]!];
}

/** Draws the direction that a step on slippery ice takes. */
export function slip(direction: Direction, random: Random): Direction {
  return random.choice(listSlips(direction));
}

/** True if a cell ends the episode. */
export function isEnd({ holes, goal }: Lake, cell: number): boolean {
  return holes[cell] === true || cell === goal;
}
