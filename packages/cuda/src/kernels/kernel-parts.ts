import type { DeviceProgram } from "../program/device-program.ts";
import { EntryReader } from "../source/entry-reader.ts";
import type { GroupedProgram, KernelGroup } from "../fusion/kernel-groups.ts";
import { KernelWriter } from "../source/kernel-writer.ts";
import { linear, reshapePlace, type Place } from "../source/place.ts";

/** Common parameters of kernel writers. */
export interface Parts {
  readonly program: DeviceProgram;
  readonly grouped: GroupedProgram;
  readonly group: KernelGroup;
  readonly writer: KernelWriter;
  readonly reader: EntryReader;
  /** Values whose memory results may reuse. */
  readonly shared: ReadonlySet<number>;
}

/** Starts the kernel of a group. */
export function openKernel(
  program: DeviceProgram,
  grouped: GroupedProgram,
  group: KernelGroup,
  shared: ReadonlySet<number>,
): Parts {
  const writer = new KernelWriter(program.isHalf);
  const reader = new EntryReader(program, writer, (tensor) => grouped.isLoaded(group, tensor));
  return { program, grouped, group, writer, reader, shared };
}

/**
 * Computes the elementwise values of a group at one or more indices, and stores those that others
 * read.
 */
export function writeEntries(
  { grouped, group, writer, reader }: Parts,
  ...places: readonly Place[]
): void {
  const stores: (() => void)[] = [];
  for (const place of places) {
    for (const tensor of group.entries) {
      const own = reshapePlace(writer, place, tensor.shape);
      const value = reader.read(tensor, own);
      if (!grouped.isStored(tensor)) continue;
      const at = linear(own);
      stores.push(() => writer.store(tensor, at, value));
    }
  }
  // Store after all loads: a result may alias an operand that is read at the same index.
  for (const store of stores) store();
}

/** Number of blocks for a number of threads, at most what keeps the device busy. */
export function gridFor(count: number, perBlock: number, most: number): number {
  return Math.min(Math.ceil(count / perBlock), most);
}

/** Tree reduction over the lanes of a row, in `held`; lane 0 has the result. */
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
