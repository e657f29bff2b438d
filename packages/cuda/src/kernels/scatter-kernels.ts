import { shapeSize, type OperationOf, type Tensor } from "@turnwise/graph/executor";
import { findAddend } from "../program/accumulate-sums.ts";
import { chooseGrid, openKernel, writeTree, type KernelParts } from "./kernel-parts.ts";
import { powerOfTwo, type KernelStep } from "../source/kernel-step.ts";
import { blockThreads, type KernelWriter } from "../source/kernel-writer.ts";
import { joinIndexParts, sliceIndex, unflatten, type TensorIndex } from "../source/tensor-index.ts";

/** Index of an entry in updates of shape `[...ids, ...entry]`. */
function updateIndex(
  writer: KernelWriter,
  updates: Tensor,
  rank: number,
  update: string,
  column: string,
): TensorIndex {
  const ids = unflatten(writer, updates.shape.slice(0, rank), update);
  const entry = unflatten(writer, updates.shape.slice(rank), column);
  return joinIndexParts(writer, updates.shape, [
    sliceIndex(ids, 0, rank),
    sliceIndex(entry, 0, updates.shape.length - rank),
  ]);
}

/**
 * Writes the kernel that replaces rows: each update overwrites the row of its id. Ids are unique.
 */
export function writeReplaceRows(
  parts: KernelParts,
  { updates, ids, result }: Readonly<Record<"updates" | "ids" | "result", Tensor>>,
  { clears, adds }: { readonly clears: boolean; readonly adds: boolean },
): KernelStep {
  const { program, writer, reader } = parts;
  const rank = ids.shape.length;
  const entry = shapeSize(updates.shape.slice(rank));
  const count = program.size(updates);
  writer.loop(
    `for (I i = (I)blockIdx.x * ${blockThreads} + threadIdx.x; i < ${writer.size(count)}; i += (I)gridDim.x * ${blockThreads})`,
    () => {
      const index = unflatten(writer, updates.shape, "i");
      const idIndex = joinIndexParts(writer, ids.shape, [sliceIndex(index, 0, rank)]);
      const id = reader.read(ids, idIndex);
      const column = index.range(rank, updates.shape.length);
      writer.block(`if ((I)(unsigned int)${id} < ${writer.size(result.shape[0]!)})`, () => {
        const value = reader.read(updates, index);
        const at = writer.index(`(I)${id} * ${writer.size(entry)} + ${column}`);
        writer.store(result, at, adds ? `${writer.load(result, at)} + ${value}` : value);
      });
    },
  );
  return {
    kernels: [writer.finish(parts.shared)],
    arrange: ({ size, blocks }) => ({
      launches: [
        { kernel: 0, grid: chooseGrid(size(count), blockThreads, 8 * blocks), arguments: {} },
      ],
      clears,
    }),
  };
}

/**
 * Writes the kernel that sums updates by row, in the order of the updates, so that results are
 * deterministic. With few rows, there is one block per row, which searches all updates. With many
 * rows, the block of a row's first update sums the others.
 */
export function writeScatterAdd(
  parts: KernelParts,
  operation: OperationOf<"scatterAdd">,
): KernelStep {
  const { program, fused, group, shared } = parts;
  const [updates, ids] = operation.inputs;
  const [result] = operation.outputs;
  const adds = findAddend(operation) !== undefined;
  if (operation.attributes.uniqueIds) {
    const values = { updates: updates!, ids: ids!, result: result! };
    return writeReplaceRows(parts, values, { clears: !adds, adds });
  }
  const rank = ids!.shape.length;
  const entry = shapeSize(updates!.shape.slice(rank));
  const numIds = program.size(ids!);
  const rows = result!.shape[0]!;
  const write = (own: KernelParts, isByRow: boolean): KernelWriter => {
    const { writer } = own;
    const count = writer.size(numIds);
    const width = writer.size(entry);
    const list = writer.address(program.base(ids!));
    writer.line(`__shared__ float held[${blockThreads}];`);
    writer.line(`__shared__ int near[${blockThreads}];`);
    writer.line(`const I lanes = ${writer.argument("lanes")};`);
    writer.line(`const I slots = ${blockThreads} / lanes, tiles = ${writer.argument("tiles")};`);
    writer.line("const I lane = threadIdx.x / slots;");
    writer.line(`const I column = (I)(blockIdx.x % tiles) * slots + threadIdx.x % slots;`);
    writer.line("const I which = blockIdx.x / tiles;");
    if (isByRow) {
      writer.line("const int id = (int)which;");
      writer.line("const I start = 0;");
    } else {
      writer.line(`const int id = ${list}[which];`);
      writer.line(`if ((I)(unsigned int)id >= ${writer.size(rows)}) return;`);
      writer.line("__shared__ int isKnown;");
      writer.line("if (threadIdx.x == 0) isKnown = 0;");
      writer.line("__syncthreads();");
      writer.line(
        `for (I k = threadIdx.x; k < which; k += ${blockThreads}) if (${list}[k] == id) isKnown = 1;`,
      );
      writer.line("__syncthreads();");
      writer.line("if (isKnown) return;");
      writer.line("const I start = which;");
    }
    writer.line("float total = 0.0f;");
    writer.block(`for (I from = start; from < ${count}; from += ${blockThreads})`, () => {
      writer.line(
        `const I numNear = ${count} - from < ${blockThreads} ? ${count} - from : ${blockThreads};`,
      );
      writer.line(`if (threadIdx.x < numNear) near[threadIdx.x] = ${list}[from + threadIdx.x];`);
      writer.line("__syncthreads();");
      writer.block(`if (column < ${width}) for (I k = lane; k < numNear; k += lanes)`, () => {
        writer.block("if (near[k] == id)", () => {
          writer.line("const I u = from + k;");
          const index = updateIndex(writer, updates!, rank, "u", "column");
          writer.line(`total += ${own.reader.read(updates!, index)};`);
        });
      });
      writer.line("__syncthreads();");
    });
    writer.line("held[threadIdx.x] = total;");
    writeTree(writer, (at) => writer.line(`held[${at}] += held[threadIdx.x + s * slots];`));
    writer.block(`if (lane == 0 && column < ${width})`, () => {
      const at = writer.index(`(I)id * ${width} + column`);
      const before = adds ? `${writer.load(result!, at)} + ` : "";
      writer.store(result!, at, `${before}held[threadIdx.x]`);
    });
    return writer;
  };
  const byRow = write(parts, true).finish(parts.shared);
  const byUpdate = write(openKernel(program, fused, group, shared), false).finish(parts.shared);
  return {
    kernels: [byRow, byUpdate],
    arrange: ({ size }) => {
      const [numRows, count, width] = [size(rows), size(numIds), size(entry)];
      const slots = powerOfTwo(1, width, blockThreads);
      const tiles = Math.ceil(width / slots);
      const isByRow = 2 * numRows <= count;
      const grid = (isByRow ? numRows : count) * tiles;
      const lanes = blockThreads / slots;
      return {
        launches: [{ kernel: isByRow ? 0 : 1, grid, arguments: { lanes, tiles } }],
        clears: !isByRow && !adds,
      };
    },
  };
}

/**
 * Writes the same kernel for updates within each row: the first update of an entry adds the later
 * updates of that entry.
 */
export function writeScatterAlong(
  parts: KernelParts,
  operation: OperationOf<"scatterAddAlong">,
): KernelStep {
  const { program, writer, reader } = parts;
  const [updates, ids] = operation.inputs;
  const [result] = operation.outputs;
  const count = program.size(ids!);
  const width = writer.size(ids!.shape.at(-1)!);
  const list = writer.address(program.base(ids!));
  const size = writer.size(result!.shape.at(-1)!);
  writer.loop(
    `for (I i = (I)blockIdx.x * ${blockThreads} + threadIdx.x; i < ${writer.size(count)}; i += (I)gridDim.x * ${blockThreads})`,
    () => {
      writer.line(`const int id = ${list}[i];`);
      writer.line(`if ((I)(unsigned int)id >= ${size}) continue;`);
      writer.line(`const I row0 = i / ${width}, first = row0 * ${width};`);
      writer.line("bool isKnown = false;");
      writer.line(`for (I k = first; k < i; k++) isKnown = isKnown || ${list}[k] == id;`);
      writer.line("if (isKnown) continue;");
      writer.line("float total = 0.0f;");
      writer.block(`for (I k = i; k < first + ${width}; k++)`, () => {
        writer.block(`if (${list}[k] == id)`, () => {
          const value = reader.read(updates!, unflatten(writer, updates!.shape, "k"));
          writer.line(`total += ${value};`);
        });
      });
      writer.store(result!, `row0 * ${size} + (I)id`, "total");
    },
  );
  return {
    kernels: [writer.finish(parts.shared)],
    arrange: ({ size: sizeOf, blocks }) => ({
      launches: [
        { kernel: 0, grid: chooseGrid(sizeOf(count), blockThreads, 8 * blocks), arguments: {} },
      ],
      clears: true,
    }),
  };
}
