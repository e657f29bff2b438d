import { shapeSize, type OperationOf, type Tensor } from "@turnwise/graph/executor";
import { literal } from "../source/entry-reader.ts";
import { chooseGrid, writeElementwise, writeTree, type KernelParts } from "./kernel-parts.ts";
import {
  powerOfTwo,
  type Arrangement,
  type Extent,
  type KernelStep,
} from "../source/kernel-step.ts";
import { blockThreads, type KernelWriter } from "../source/kernel-writer.ts";
import {
  joinIndexParts,
  flatten,
  sliceIndex,
  indexInRow,
  type TensorIndex,
} from "../source/tensor-index.ts";

/** Loops over the columns of a row, which its lanes share. */
interface RowLoops {
  /** Loop that only reads values. */
  readonly read: (use: (value: string) => void) => void;
  /** Loop that may also write values. */
  readonly visit: (write: (value: string, index: TensorIndex) => void) => void;
}

/** Writes the outer loop of a row kernel, in which several lanes share each row. */
function writeRows(
  { writer, reader }: KernelParts,
  x: Tensor,
  lanes: string,
  body: (loops: RowLoops) => void,
): void {
  const [rows, columns] = [shapeSize(x.shape.slice(0, -1)), x.shape.at(-1)!];
  writer.line(`const I lanes = ${lanes};`);
  writer.line(`const I lane = threadIdx.x % lanes, slot = threadIdx.x / lanes;`);
  writer.line(`const I slots = ${blockThreads} / lanes;`);
  const numRows = writer.size(rows);
  const end = writer.size(columns);
  writer.block(
    `for (I first = blockIdx.x * slots; first < ${numRows}; first += gridDim.x * slots)`,
    () => {
      writer.line("const I r = first + slot;");
      writer.line(`const bool isIn = r < ${numRows};`);
      body({
        read: (use) =>
          writer.block("if (isIn)", () =>
            writer.readLoop(
              { name: "c", start: "lane", end, stride: "lanes" },
              (column) => reader.read(x, indexInRow(writer, x.shape, "r", column)),
              use,
            ),
          ),
        visit: (write) =>
          writer.block("if (isIn)", () =>
            writer.loop(`for (I c = lane; c < ${end}; c += lanes)`, () => {
              const index = indexInRow(writer, x.shape, "r", "c");
              write(reader.read(x, index), index);
            }),
          ),
      });
      writer.line("__syncthreads();");
    },
  );
}

/** Number of lanes per row. */
function chooseLanes(columns: number): number {
  return powerOfTwo(1, columns / 4, blockThreads);
}

function arrangeRows(x: Tensor): (extent: Extent) => Arrangement {
  const [rows, columns] = [shapeSize(x.shape.slice(0, -1)), x.shape.at(-1)!];
  return ({ size, blocks }) => {
    const lanes = chooseLanes(size(columns));
    const grid = chooseGrid(size(rows), blockThreads / lanes, 8 * blocks);
    return { launches: [{ kernel: 0, grid, arguments: { lanes } }] };
  };
}

function lanesText(writer: KernelWriter, x: Tensor): string {
  const columns = x.shape.at(-1)!;
  return typeof columns === "number" ? `${chooseLanes(columns)}` : writer.argument("lanes");
}

/** Writes the kernel of RMSNorm over rows. */
export function writeRmsNorm(parts: KernelParts, operation: OperationOf<"rmsNorm">): KernelStep {
  const { writer, reader, fused } = parts;
  const [x, weight] = operation.inputs;
  const [normed, scales] = operation.outputs;
  const columns = x!.shape.at(-1)!;
  writer.line(`__shared__ float held[${blockThreads}];`);
  writeRows(parts, x!, lanesText(writer, x!), ({ read, visit }) => {
    writer.line("float total = 0.0f;");
    read((value) => writer.line(`total += ${value} * ${value};`));
    writer.line("held[threadIdx.x] = total;");
    writeTree(writer, (at, other) => writer.line(`held[${at}] += held[${other}];`));
    const epsilon = literal(operation.attributes.epsilon, "float32");
    writer.line(
      `const float scale = 1.0f / sqrtf(held[threadIdx.x - lane] / (float)${writer.size(columns)} + ${epsilon});`,
    );
    if (fused.isMaterialized(scales!)) {
      writer.block("if (isIn && lane == 0)", () => writer.store(scales!, "r", "scale"));
    }
    visit((value, index) => {
      const last = x!.shape.length - 1;
      const along = joinIndexParts(writer, weight!.shape, [sliceIndex(index, last, last + 1)]);
      const factor = reader.read(weight!, along);
      finishRow(parts, normed!, index, `${value} * scale * ${factor}`);
    });
  });
  return { kernels: [writer.finish(parts.shared)], arrange: arrangeRows(x!) };
}

/**
 * Registers the result of a row at an index, computes the group's other values at that index, and
 * stores all of them.
 */
function finishRow(parts: KernelParts, result: Tensor, index: TensorIndex, value: string): void {
  const { writer, reader, fused } = parts;
  const name = writer.fresh();
  writer.line(`const float ${name} = ${value};`);
  reader.know(result, index, name);
  writeElementwise(parts, index);
  if (fused.isMaterialized(result)) writer.store(result, flatten(index), name);
}

/**
 * Writes one pass over a row that computes its maximum and its sum of exponentials: first per lane
 * (`highs` and `totals`), then combined.
 */
function writeSoftmaxTotals(parts: KernelParts, read: RowLoops["read"]): void {
  const { writer } = parts;
  writer.line("float high = -INFINITY, total = 0.0f;");
  read((value) => {
    // Rescale the sum whenever a larger maximum is found. Handle equal values separately, because
    // -Infinity minus -Infinity is NaN.
    writer.line(
      `if (${value} > high) { total = total * expf(high - ${value}) + 1.0f; high = ${value}; }`,
    );
    writer.line(`else total += ${value} == high ? 1.0f : expf(${value} - high);`);
  });
  writer.line("highs[threadIdx.x] = high; totals[threadIdx.x] = total;");
  writeTree(writer, (at, other) => {
    writer.line(`const float a = highs[${at}], b = highs[${other}];`);
    writer.line("const float m = larger(a, b);");
    writer.line(
      `totals[${at}] = (a == m ? totals[${at}] : totals[${at}] * expf(a - m)) + (b == m ? totals[${other}] : totals[${other}] * expf(b - m));`,
    );
    writer.line(`highs[${at}] = m;`);
  });
  writer.line("high = highs[threadIdx.x - lane]; total = totals[threadIdx.x - lane];");
}

/** Writes the kernel of a softmax over rows. */
export function writeSoftmax(parts: KernelParts, operation: OperationOf<"softmax">): KernelStep {
  const { writer } = parts;
  const [x] = operation.inputs;
  const [result] = operation.outputs;
  writer.line(`__shared__ float highs[${blockThreads}], totals[${blockThreads}];`);
  writeRows(parts, x!, lanesText(writer, x!), ({ read, visit }) => {
    writeSoftmaxTotals(parts, read);
    writer.line("const float share = 1.0f / total;");
    visit((value, index) => finishRow(parts, result!, index, `expf(${value} - high) * share`));
  });
  return { kernels: [writer.finish(parts.shared)], arrange: arrangeRows(x!) };
}

/** Writes the kernel of the row statistics of a log softmax. */
export function writeStatistics(
  parts: KernelParts,
  x: Tensor,
  outputs: readonly Tensor[],
): KernelStep {
  const { writer, group } = parts;
  writer.line(`__shared__ float highs[${blockThreads}], totals[${blockThreads}];`);
  writeRows(parts, x, lanesText(writer, x), ({ read, visit }) => {
    writeSoftmaxTotals(parts, read);
    writer.block("if (isIn && lane == 0)", () => {
      writer.store(outputs[0]!, "r", "high");
      writer.store(outputs[1]!, "r", "logf(total)");
    });
    if (group.elementwise.length > 0) visit((_, index) => writeElementwise(parts, index));
  });
  return { kernels: [writer.finish(parts.shared)], arrange: arrangeRows(x) };
}
