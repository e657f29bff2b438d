import { checkInteger, type Random } from "@turnwise/core";
import { drawDistinct } from "../generated/draw-distinct.ts";
import type { GeneratedSplit } from "../generated/fingerprint.ts";
import { canonicalGrid } from "../grid/canonical-grid.ts";
import type { Lake } from "./lake.ts";
import { writeLake } from "./lake-text.ts";
import { shortestLakePath } from "./shortest-path.ts";

/** Difficulty of generated lakes. */
export interface LakeDifficulty {
  /** Number of rows and of columns, `>= 2`. */
  readonly size: number;
  /** Probability that a cell is a hole, in [0, 1). */
  readonly holeShare: number;
  /** Minimum length of the shortest path from start to goal, steps, `>= 1`. */
  readonly minPath: number;
}

/** Options of {@link generateLakes}. */
export interface GenerateLakesOptions extends LakeDifficulty {
  readonly seed: number | string;
  /** Number of lakes, `>= 0`. */
  readonly count: number;
  /** Split to draw from. Default `"train"`. */
  readonly split?: GeneratedSplit;
}

/** Generated lake. */
export interface GeneratedLake {
  /** Name of the lake, determined by its content: `4x4-2f9a0c41d7e8b365`. */
  readonly id: string;
  readonly lake: Lake;
  /** Length of the shortest path from start to goal, steps. */
  readonly numSteps: number;
}

/**
 * Generates lakes with a path from start to goal, as in RAGEN: each cell is a hole with probability
 * `holeShare`, start and goal are any two cells, and a lake without a path is drawn again. No two
 * lakes are mirror images or rotations of each other, within a split or between splits.
 * @throws `RangeError` for an invalid option, or if fewer than `count` such lakes exist.
 */
export function generateLakes({
  seed,
  count,
  split = "train",
  ...difficulty
}: GenerateLakesOptions): GeneratedLake[] {
  const where = "generateLakes";
  const { size, holeShare, minPath } = difficulty;
  checkInteger(where, { size }, { min: 2 });
  checkInteger(where, { minPath }, { min: 1 });
  if (!(holeShare >= 0 && holeShare < 1)) {
    throw new RangeError(`${where}: holeShare must be in [0, 1), got ${holeShare}`);
  }
  const drawn = drawDistinct(where, {
    seed,
    split,
    count,
    draw: (random) => drawLake(difficulty, random),
    contentOf: ({ lake }) => canonicalGrid(writeLake(lake, lake.start).split("\n")),
  });
  return drawn.map(({ value, fingerprint }) => ({
    id: `${size}x${size}-${fingerprint.slice(0, 16)}`,
    ...value,
  }));
}

/** Draws a lake; `undefined` if it has no path, or too short a path. */
function drawLake(
  { size, holeShare, minPath }: LakeDifficulty,
  random: Random,
): Omit<GeneratedLake, "id"> | undefined {
  const numCells = size * size;
  const start = random.integer(numCells);
  const goal = random.integer(numCells);
  const holes = Array.from(
    { length: numCells },
    (_, cell) => random.next() < holeShare && cell !== start && cell !== goal,
  );
  const lake = { width: size, height: size, holes, start, goal };
  const numSteps = shortestLakePath(lake)?.length ?? 0;
  return numSteps < minPath ? undefined : { lake, numSteps };
}
