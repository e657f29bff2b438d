import { checkInteger, type Random } from "@turnwise/core";
import { canonicalGrid } from "../../grid/canonical-grid.ts";
import { drawDistinct } from "../../generated/draw-distinct.ts";
import type { GeneratedSplit } from "../../generated/fingerprint.ts";
import { sortCells, type SokobanLevel, type SokobanRoom } from "../level.ts";
import { writeRoom } from "../room-text.ts";
import { drawWalls } from "./draw-room.ts";
import { statesByDistance } from "./states-by-distance.ts";

/** Difficulty of generated rooms. */
export interface SokobanDifficulty {
  /** Number of columns including the border, `>= 4`. */
  readonly width: number;
  /** Number of rows including the border, `>= 4`. */
  readonly height: number;
  /** Number of boxes, `>= 1`. */
  readonly numBoxes: number;
  /** Minimum length of the shortest solution, moves, `>= 1`. */
  readonly minSolution: number;
  /** Maximum length of the shortest solution, moves. */
  readonly maxSolution: number;
}

/** Options of {@link generateSokobanLevels}. */
export interface GenerateSokobanOptions extends SokobanDifficulty {
  readonly seed: number | string;
  /** Number of rooms, `>= 0`. */
  readonly count: number;
  /** Split to draw from. Default `"train"`. */
  readonly split?: GeneratedSplit;
}

/** Generated room. */
export interface GeneratedSokobanLevel {
  /** Name of the room, determined by its content: `6x6-1-2f9a0c41d7e8b365`. */
  readonly id: string;
  readonly level: SokobanLevel;
  /** Length of the shortest solution, moves. */
  readonly numMoves: number;
}

/** Maximum number of states of a room to search for a start; rooms with more states are dropped. */
const maxStates = 200_000;

/**
 * Generates solvable rooms with no box on a target at the start. The length of the shortest
 * solution is drawn between `minSolution` and `maxSolution`; a room without a start of that length
 * is dropped. No two rooms are mirror images or rotations of each other, within a split or between
 * splits.
 * @throws `RangeError` for an invalid option, or if fewer than `count` such rooms exist.
 */
export function generateSokobanLevels({
  seed,
  count,
  split = "train",
  ...difficulty
}: GenerateSokobanOptions): GeneratedSokobanLevel[] {
  const where = "generateSokobanLevels";
  const { width, height, numBoxes, minSolution, maxSolution } = difficulty;
  checkInteger(where, { width, height }, { min: 4 });
  checkInteger(where, { numBoxes, minSolution }, { min: 1 });
  checkInteger(where, { maxSolution }, { min: minSolution });
  const drawn = drawDistinct(where, {
    seed,
    split,
    count,
    draw: (random) => drawLevel(difficulty, random),
    contentOf: ({ level }) => canonicalGrid(writeRoom(level, level.start).split("\n")),
  });
  return drawn.map(({ value, fingerprint }) => ({
    id: `${width}x${height}-${numBoxes}-${fingerprint.slice(0, 16)}`,
    ...value,
  }));
}

/**
 * Draws a room; `undefined` if it has too little floor, or no start with a solution of the drawn
 * length.
 */
function drawLevel(
  { width, height, numBoxes, minSolution, maxSolution }: SokobanDifficulty,
  random: Random,
): Omit<GeneratedSokobanLevel, "id"> | undefined {
  const walls = drawWalls(width, height, random);
  const floor = walls.flatMap((isWall, cell) => (isWall ? [] : [cell]));
  // A room needs a cell for the player, and for every box a start cell and a target.
  if (floor.length < 2 * numBoxes + 1) return undefined;
  const targets = sortCells(random.shuffle(floor).slice(0, numBoxes));
  const room: SokobanRoom = { width, height, walls, targets };
  const numMoves = minSolution + random.integer(maxSolution - minSolution + 1);
  let distance = 0;
  for (const states of statesByDistance(room, maxStates)) {
    if (distance++ < numMoves) continue;
    const starts = states.filter(({ boxes }) => !boxes.some((box) => targets.includes(box)));
    if (starts.length === 0) return undefined;
    return { level: { ...room, start: random.choice(starts) }, numMoves };
  }
  return undefined;
}
