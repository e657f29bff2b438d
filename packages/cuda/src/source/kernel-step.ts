import type { Dimension } from "@turnwise/graph/executor";
import type { KernelText } from "./kernel-writer.ts";

/** One launch of a kernel of a step. */
export interface Launch {
  /** Which kernel of the step. */
  readonly kernel: number;
  /** Number of blocks. */
  readonly grid: number;
  /** The kernel's arguments by name. */
  readonly arguments: Readonly<Record<string, number>>;
}

/** How a step is run under given sizes. */
export interface Arrangement {
  readonly launches: readonly Launch[];
  /** Memory for partial results, as the argument `scratch`. Default none. */
  readonly scratchBytes?: number;
  /** Whether the result is filled with zeros before. Default false. */
  readonly clears?: boolean;
}

/** The sizes of a run, and of the device. */
export interface Extent {
  readonly size: (dimension: Dimension) => number;
  /** Blocks that keep the device busy. */
  readonly blocks: number;
}

/** What a group of steps is computed by. */
export interface KernelStep {
  readonly kernels: readonly KernelText[];
  readonly arrange: (extent: Extent) => Arrangement;
}

/** The least power of two that is not below a number, within bounds. */
export function powerOfTwo(least: number, value: number, most: number): number {
  let power = least;
  while (power < value && power < most) power *= 2;
  return power;
}
