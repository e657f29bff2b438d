import { shapeSize, type OperationOf } from "@turnwise/graph/executor";
import { openKernel, writeElementwise, writeTree, type KernelParts } from "./kernel-parts.ts";
import { powerOfTwo, type KernelStep } from "../source/kernel-step.ts";
import { blockThreads, type KernelWriter } from "../source/kernel-writer.ts";
import { splitIndex, type TensorIndex } from "../source/tensor-index.ts";

type ReduceKind = "reduceSum" | "reduceMean" | "reduceMax";

const reductions = {
  reduceSum: { start: "0.0f", combine: (a: string, b: string) => `${a} + ${b}` },
  reduceMean: { start: "0.0f", combine: (a: string, b: string) => `${a} + ${b}` },
  reduceMax: { start: "-INFINITY", combine: (a: string, b: string) => `larger(${a}, ${b})` },
} as const;

/**
 * Writes the kernels of sums, means and maxima: the first computes partial results, the second
 * combines them.
 */
export function writeReduce(parts: KernelParts, operation: OperationOf<ReduceKind>): KernelStep {
  const { program, fused, group, writer, reader, shared } = parts;
  const { kind, attributes, inputs, outputs } = operation;
  const [x] = inputs;
  const [result] = outputs;
  const { axes } = attributes;
  const { start, combine } = reductions[kind];
  const isAlongRows = axes.includes(x!.shape.length - 1);
  const inner = shapeSize(axes.map((axis) => x!.shape[axis]!));
  const outer = shapeSize(x!.shape.filter((_, axis) => !axes.includes(axis)));
  const finish = (own: KernelWriter, total: string): string =>
    kind === "reduceMean" ? `${total} / (float)${own.size(inner)}` : total;

  // Assign adjacent entries to adjacent lanes if the reduced axis is contiguous; otherwise assign
  // adjacent results to adjacent lanes.
  const writeLanes = (own: KernelWriter, isNear: boolean): void => {
    own.line(`__shared__ float held[${blockThreads}];`);
    own.line(`const I lanes = ${own.argument("lanes")};`);
    own.line(`const I slots = ${blockThreads} / lanes;`);
    own.line(
      isNear
        ? "const I lane = threadIdx.x % lanes, slot = threadIdx.x / lanes;"
        : "const I lane = threadIdx.x / slots, slot = threadIdx.x % slots;",
    );
  };
  const writeTotal = (own: KernelWriter, isNear: boolean): void => {
    own.line("held[threadIdx.x] = total;");
    writeTree(own, (at) => {
      const other = isNear ? "threadIdx.x + s" : "threadIdx.x + s * slots";
      own.line(`held[${at}] = ${combine(`held[${at}]`, `held[${other}]`)};`);
    });
  };

  writeLanes(writer, isAlongRows);
  const results = writer.size(outer);
  writer.line(`const I parts = ${writer.argument("parts")};`);
  writer.line(`const I part = blockIdx.x % parts;`);
  writer.line(`const I o = (I)(blockIdx.x / parts) * slots + slot;`);
  writer.line(`const bool isIn = o < ${results};`);
  writer.line(`const I start = part * ${writer.argument("length")};`);
  writer.line(`I end = start + ${writer.argument("length")};`);
  writer.line(`if (end > ${writer.size(inner)}) end = ${writer.size(inner)};`);
  writer.line(`float total = ${start};`);
  const indexOf = (r: string): TensorIndex =>
    splitIndex(writer, x!.shape, axes, { inner: r, outer: "o" });
  const add = (value: string): void => writer.line(`total = ${combine("total", value)};`);
  writer.block("if (isIn)", () => {
    if (group.elementwise.length === 0) {
      writer.readLoop(
        { name: "r", start: "start + lane", end: "end", stride: "lanes" },
        (r) => reader.read(x!, indexOf(r)),
        add,
      );
      return;
    }
    writer.loop("for (I r = start + lane; r < end; r += lanes)", () => {
      const index = indexOf("r");
      add(reader.read(x!, index));
      writeElementwise(parts, index);
    });
  });
  writeTotal(writer, isAlongRows);
  if (fused.isMaterialized(result!)) {
    writer.block("if (isIn && lane == 0)", () => {
      writer.block("if (parts == 1)", () =>
        writer.store(result!, "o", finish(writer, "held[threadIdx.x]")),
      );
      writer.line(`else ${writer.scratch("scratch")}[part * ${results} + o] = held[threadIdx.x];`);
    });
  }

  const second = openKernel(program, fused, group, shared).writer;
  writeLanes(second, false);
  const all = second.size(outer);
  second.line("const I o = (I)blockIdx.x * slots + slot;");
  second.line(`const bool isIn = o < ${all};`);
  second.line(`float total = ${start};`);
  second.block(`if (isIn) for (I r = lane; r < ${second.argument("parts")}; r += lanes)`, () =>
    second.line(`total = ${combine("total", `${second.scratch("scratch")}[r * ${all} + o]`)};`),
  );
  writeTotal(second, false);
  second.block("if (isIn && lane == 0)", () =>
    second.store(result!, "o", finish(second, "held[threadIdx.x]")),
  );

  return {
    kernels: [writer.finish(parts.shared), second.finish(parts.shared)],
    arrange: ({ size, blocks }) => {
      const [numInner, numOuter] = [size(inner), size(outer)];
      const lanes = isAlongRows
        ? powerOfTwo(1, numInner / 4, blockThreads)
        : columnLanes(numInner, numOuter);
      const ownBlocks = Math.ceil((numOuter * lanes) / blockThreads);
      const wanted = ownBlocks >= blocks ? 1 : Math.ceil((4 * blocks) / Math.max(1, ownBlocks));
      const numParts = Math.max(1, Math.min(wanted, Math.ceil(numInner / (8 * lanes)), 1024));
      const length = Math.ceil(numInner / numParts);
      const first = {
        kernel: 0,
        grid: ownBlocks * numParts,
        arguments: { lanes, parts: numParts, length, scratch: 0 },
      };
      if (numParts === 1) return { launches: [first] };
      const secondLanes = powerOfTwo(1, blockThreads / Math.max(1, numOuter), blockThreads);
      const grid = Math.ceil((numOuter * secondLanes) / blockThreads);
      return {
        launches: [first, { kernel: 1, grid, arguments: { lanes: secondLanes, parts: numParts } }],
        scratchBytes: 4 * numParts * numOuter,
      };
    },
  };
}

/** Number of lanes per result if the reduced entries are not contiguous. */
function columnLanes(numInner: number, numOuter: number): number {
  if (numInner <= 16 || numOuter >= 2 ** 18) return 1;
  return numOuter >= 32 ? 8 : powerOfTwo(8, blockThreads / Math.max(1, numOuter), blockThreads);
}
