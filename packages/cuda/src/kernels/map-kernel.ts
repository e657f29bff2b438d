import { multiplyDimensions, shapeSize, type Shape } from "@turnwise/graph/executor";
import type { FusionGroup } from "../fusion/fuse-operations.ts";
import { chooseGrid, writeElementwise, type KernelParts } from "./kernel-parts.ts";
import type { KernelStep } from "../source/kernel-step.ts";
import { blockThreads } from "../source/kernel-writer.ts";
import { unflatten, indexInRow } from "../source/tensor-index.ts";

/** Number of entries per thread in a row, if rows are long enough. */
const entriesPerThread = 4;
const minThreadsPerRow = 8;

/** Rows of a group's values, if their length is known and divides evenly among threads. */
function findRows(
  group: FusionGroup,
): { readonly shape: Shape; readonly width: number } | undefined {
  for (const { shape } of group.elementwise) {
    const columns = shape.at(-1);
    if (shape.length < 2 || typeof columns !== "number") continue;
    const width = columns / entriesPerThread;
    if (Number.isInteger(width) && width >= minThreadsPerRow) return { shape, width };
  }
  return undefined;
}

/** Writes the kernel of an elementwise group. */
export function writeMap(parts: KernelParts): KernelStep {
  const { program, group, writer } = parts;
  const [first] = group.elementwise;
  const rows = findRows(group);
  const count = rows
    ? multiplyDimensions(shapeSize(rows.shape.slice(0, -1)), rows.width)
    : program.size(first!);
  writer.loop(
    `for (I i = (I)blockIdx.x * ${blockThreads} + threadIdx.x; i < ${writer.size(count)}; i += (I)gridDim.x * ${blockThreads})`,
    () => {
      if (!rows) {
        writeElementwise(parts, unflatten(writer, first!.shape, "i"));
        return;
      }
      // Expressions that depend only on the row are computed once for several entries. Adjacent
      // threads read adjacent entries.
      const { shape, width } = rows;
      const row = writer.index(`i / ${width}`);
      const column = writer.index(`i % ${width}`);
      const indices = Array.from({ length: entriesPerThread }, (_, k) => {
        const own = k === 0 ? column : writer.index(`${column} + ${k * width}`);
        return indexInRow(writer, shape, row, own);
      });
      writeElementwise(parts, ...indices);
    },
  );
  return {
    kernels: [writer.finish(parts.shared)],
    arrange: ({ size, blocks }) => ({
      launches: [
        { kernel: 0, grid: chooseGrid(size(count), blockThreads, 8 * blocks), arguments: {} },
      ],
    }),
  };
}
