import type { DeviceProgram } from "../program/device-program.ts";
import { EntryReader } from "../source/entry-reader.ts";
import type { FusedProgram, FusionGroup } from "../fusion/fuse-operations.ts";
import { KernelWriter } from "../source/kernel-writer.ts";
import { flatten, reshapeIndex, type TensorIndex } from "../source/tensor-index.ts";

/** Common parameters of the functions that write kernels. */
export interface KernelParts {
  readonly program: DeviceProgram;
  readonly fused: FusedProgram;
  readonly group: FusionGroup;
  readonly writer: KernelWriter;
  readonly reader: EntryReader;
  /** Values whose memory the results may reuse. */
  readonly shared: ReadonlySet<number>;
}

/** Creates the writer of a group's kernel. */
export function openKernel(
  program: DeviceProgram,
  fused: FusedProgram,
  group: FusionGroup,
  shared: ReadonlySet<number>,
): KernelParts {
  const writer = new KernelWriter(program.isHalf);
  const reader = new EntryReader(program, writer, (tensor) => fused.isLoaded(group, tensor));
  return { program, fused, group, writer, reader, shared };
}

/**
 * Computes the elementwise values of a group at one or more indices, and stores the values that
 * other groups read.
 */
export function writeElementwise(
  { fused, group, writer, reader }: KernelParts,
  ...indices: readonly TensorIndex[]
): void {
  const stores: (() => void)[] = [];
  for (const index of indices) {
    for (const tensor of group.elementwise) {
      const own = reshapeIndex(writer, index, tensor.shape);
      const value = reader.read(tensor, own);
      if (!fused.isMaterialized(tensor)) continue;
      const at = flatten(own);
      stores.push(() => writer.store(tensor, at, value));
    }
  }
  // Store after all loads: a result may alias an operand that is read at the same index.
  for (const store of stores) store();
}

/** Number of blocks for a number of threads, limited to the number that keeps the device busy. */
export function chooseGrid(count: number, perBlock: number, most: number): number {
  return Math.min(Math.ceil(count / perBlock), most);
}

/**
 * Writes a tree reduction over the lanes of a row, in shared memory `held`; lane 0 gets the result.
 */
export function writeTree(
  writer: KernelWriter,
  combine: (at: string, other: string) => void,
): void {
  writer.line("__syncthreads();");
  writer.block("for (I s = lanes / 2; s > 0; s /= 2)", () => {
    writer.block("if (lane < s)", () => combine("threadIdx.x", "threadIdx.x + s"));
    writer.line("__syncthreads();");
  });
}
