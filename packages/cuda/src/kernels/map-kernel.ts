import { multiplyDimensions, shapeSize, type Shape } from "@turnwise/graph/executor";
import type { KernelGroup } from "../fusion/kernel-groups.ts";
import { gridFor, writeEntries, type Parts } from "./kernel-parts.ts";
import type { KernelStep } from "../source/kernel-step.ts";
import { blockThreads } from "../source/kernel-writer.ts";
import { placeAt, placeInRow } from "../source/place.ts";

/** Entries per thread in a row, if rows are long enough. */
const entriesPerThread = 4;
const minThreadsPerRow = 8;

/** Rows of a group's values, if their length is known and divisible among threads. */
function findRows(
  group: KernelGroup,
): { readonly shape: Shape; readonly width: number } | undefined {
  for (const { shape } of group.entries) {
    const columns = shape.at(-1);
    if (shape.length < 2 || typeof columns !== "number") continue;
    const width = columns / entriesPerThread;
    if (Number.isInteger(width) && width >= minThreadsPerRow) return { shape, width };
  }
  return undefined;
}

/** Writes the kernel of an elementwise group. */
export function writeMap(parts: Parts): KernelStep {
  const { program, group, writer } = parts;
  const [first] = group.entries;
  const rows = findRows(group);
  const count = rows
    ? multiplyDimensions(shapeSize(rows.shape.slice(0, -1)), rows.width)
    : program.size(first!);
  writer.loop(
    `for (I i = (I)blockIdx.x * ${blockThreads} + threadIdx.x; i < ${writer.size(count)}; i += (I)gridDim.x * ${blockThreads})`,
    () => {
      if (!rows) {
        writeEntries(parts, placeAt(writer, first!.shape, "i"));
        return;
      }
      // Expressions of the row alone are computed once for several entries; adjacent threads read
      // adjacent entries.
      const { shape, width } = rows;
      const row = writer.index(`i / ${width}`);
      const column = writer.index(`i % ${width}`);
      const places = Array.from({ length: entriesPerThread }, (_, k) => {
        const own = k === 0 ? column : writer.index(`${column} + ${k * width}`);
        return placeInRow(writer, shape, row, own);
      });
      writeEntries(parts, ...places);
    },
  );
  return {
    kernels: [writer.finish(parts.shared)],
    arrange: ({ size, blocks }) => ({
      launches: [
        { kernel: 0, grid: gridFor(size(count), blockThreads, 8 * blocks), arguments: {} },
      ],
    }),
  };
}
