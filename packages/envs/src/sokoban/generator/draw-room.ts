import type { Random } from "@turnwise/core";
import { directions, offsets } from "../../grid/direction.ts";

/** Probability that the random walk turns before a step, as in gym-sokoban. */
const turnShare = 0.35;

/** Number of steps of the random walk per row and column, as in gym-sokoban. */
const stepsPerLine = 1.7;

/** Patterns of cells that become floor at a step, as offsets of row and column. */
const brushes: readonly (readonly (readonly [row: number, column: number])[])[] = [
  [
    [0, -1],
    [0, 0],
    [0, 1],
  ],
  [
    [-1, 0],
    [0, 0],
    [1, 0],
  ],
  [
    [0, -1],
    [0, 0],
    [1, 0],
  ],
  [
    [0, 0],
    [0, 1],
    [1, 0],
  ],
  [
    [0, -1],
    [0, 0],
    [1, -1],
    [1, 0],
  ],
];

/**
 * Draws the walls of a room: a random walk carves connected floor out of solid wall, three or four
 * cells at each step.
 * @returns True for each cell that is a wall, `[cell]`; the whole border is wall.
 */
export function drawWalls(width: number, height: number, random: Random): boolean[] {
  const walls = Array.from({ length: width * height }, () => true);
  const inside = (value: number, size: number): number => Math.min(Math.max(value, 1), size - 2);
  let [row, column] = [1 + random.integer(height - 2), 1 + random.integer(width - 2)];
  let direction = random.choice(directions);
  const numSteps = Math.trunc(stepsPerLine * (width + height));
  for (let step = 0; step < numSteps; step++) {
    if (random.next() < turnShare) direction = random.choice(directions);
    const [down, right] = offsets[direction];
    row = inside(row + down, height);
    column = inside(column + right, width);
    for (const [rows, columns] of random.choice(brushes)) {
      const [r, c] = [row + rows, column + columns];
      if (r !== inside(r, height) || c !== inside(c, width)) continue;
      walls[r * width + c] = false;
    }
  }
  return walls;
}
