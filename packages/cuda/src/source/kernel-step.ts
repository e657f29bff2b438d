import type { Dimension } from "@turnwise/graph/executor";
import type { KernelText } from "./kernel-writer.ts";

/** Launch of one kernel of a step. */
export interface Launch {
  /** Index of the kernel in the step. */
  readonly kernel: number;
  /** Number of blocks. */
  readonly grid: number;
  /** Arguments of the kernel, by name. */
  readonly arguments: Readonly<Record<string, number>>;
}

/** Launches of a step for given sizes. */
export interface Arrangement {
  readonly launches: readonly Launch[];
  /** Bytes of scratch memory for partial results, passed as `scratch`. Default none. */
  readonly scratchBytes?: number;
  /** True if the result must be filled with zeros first. Default false. */
  readonly clears?: boolean;
}

/** Sizes of a run, and the number of blocks for the device. */
export interface Extent {
  readonly size: (dimension: Dimension) => number;
  /** Number of blocks that keeps the device busy. */
  readonly blocks: number;
}

/** Kernels of a fusion group. */
export interface KernelStep {
  readonly kernels: readonly KernelText[];
  readonly arrange: (extent: Extent) => Arrangement;
}

/** Smallest power of two that is at least `value`, limited to `[least, most]`. */
export function powerOfTwo(least: number, value: number, most: number): number {
  let power = least;
  while (power < value && power < most) power *= 2;
  return power;
}
