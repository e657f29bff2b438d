import { shapeSize, type OperationOf, type Tensor } from "@turnwise/graph/executor";
import { literal } from "../source/entry-reader.ts";
import { gridFor, writeEntries, writeTree, type Parts } from "./kernel-parts.ts";
import {
  powerOfTwo,
  type Arrangement,
  type Extent,
  type KernelStep,
} from "../source/kernel-step.ts";
import { blockThreads, type KernelWriter } from "../source/kernel-writer.ts";
import { joinParts, linear, partOf, placeInRow, type Place } from "../source/place.ts";

/** Loops over the columns of a row, shared by its lanes. */
interface RowLoops {
  /** Reads only. */
  readonly read: (use: (value: string) => void) => void;
  /** Also writes. */
  readonly visit: (write: (value: string, place: Place) => void) => void;
}

/** Writes the loop over rows of a kernel in which several lanes share each row. */
function writeRows(
  { writer, reader }: Parts,
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
            writer.readingLoop(
              { name: "c", start: "lane", end, stride: "lanes" },
              (column) => reader.read(x, placeInRow(writer, x.shape, "r", column)),
              use,
            ),
          ),
        visit: (write) =>
          writer.block("if (isIn)", () =>
            writer.loop(`for (I c = lane; c < ${end}; c += lanes)`, () => {
              const place = placeInRow(writer, x.shape, "r", "c");
              write(reader.read(x, place), place);
            }),
          ),
      });
      writer.line("__syncthreads();");
    },
  );
}

/** Number of lanes per row. */
function lanesFor(columns: number): number {
  return powerOfTwo(1, columns / 4, blockThreads);
}

function arrangeRows(x: Tensor): (extent: Extent) => Arrangement {
  const [rows, columns] = [shapeSize(x.shape.slice(0, -1)), x.shape.at(-1)!];
  return ({ size, blocks }) => {
    const lanes = lanesFor(size(columns));
    const grid = gridFor(size(rows), blockThreads / lanes, 8 * blocks);
    return { launches: [{ kernel: 0, grid, arguments: { lanes } }] };
  };
}

function lanesText(writer: KernelWriter, x: Tensor): string {
  const columns = x.shape.at(-1)!;
  return typeof columns === "number" ? `${lanesFor(columns)}` : writer.argument("lanes");
}

/** Writes the kernel of RMSNorm over rows. */
export function writeRmsNorm(parts: Parts, operation: OperationOf<"rmsNorm">): KernelStep {
  const { writer, reader, grouped } = parts;
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
    if (grouped.isStored(scales!)) {
      writer.block("if (isIn && lane == 0)", () => writer.store(scales!, "r", "scale"));
    }
    visit((value, place) => {
      const last = x!.shape.length - 1;
      const along = joinParts(writer, weight!.shape, [partOf(place, last, last + 1)]);
      const factor = reader.read(weight!, along);
      finishRow(parts, normed!, place, `${value} * scale * ${factor}`);
    });
  });
  return { kernels: [writer.finish(parts.shared)], arrange: arrangeRows(x!) };
}

/**
 * Registers the result of a row at an index, computes the group's other values there, and stores
 * them.
 */
function finishRow(parts: Parts, result: Tensor, place: Place, value: string): void {
  const { writer, reader, grouped } = parts;
  const name = writer.fresh();
  writer.line(`const float ${name} = ${value};`);
  reader.know(result, place, name);
  writeEntries(parts, place);
  if (grouped.isStored(result)) writer.store(result, linear(place), name);
}

/**
 * Maximum and sum of exponentials of a row in one pass: `highs` and `totals` of each lane,
 * combined.
 */
function writeSoftmaxTotals(parts: Parts, read: RowLoops["read"]): void {
  const { writer } = parts;
  writer.line("float high = -INFINITY, total = 0.0f;");
  read((value) => {
    // The sum is rescaled when a larger maximum is found. Equal values are handled separately:
    // -Infinity minus itself is NaN.
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
export function writeSoftmax(parts: Parts, operation: OperationOf<"softmax">): KernelStep {
  const { writer } = parts;
  const [x] = operation.inputs;
  const [result] = operation.outputs;
  writer.line(`__shared__ float highs[${blockThreads}], totals[${blockThreads}];`);
  writeRows(parts, x!, lanesText(writer, x!), ({ read, visit }) => {
    writeSoftmaxTotals(parts, read);
    writer.line("const float share = 1.0f / total;");
    visit((value, place) => finishRow(parts, result!, place, `expf(${value} - high) * share`));
  });
  return { kernels: [writer.finish(parts.shared)], arrange: arrangeRows(x!) };
}

/** Writes the kernel of the row statistics of a log softmax. */
export function writeStatistics(parts: Parts, x: Tensor, outputs: readonly Tensor[]): KernelStep {
  const { writer, group } = parts;
  writer.line(`__shared__ float highs[${blockThreads}], totals[${blockThreads}];`);
  writeRows(parts, x, lanesText(writer, x), ({ read, visit }) => {
    writeSoftmaxTotals(parts, read);
    writer.block("if (isIn && lane == 0)", () => {
      writer.store(outputs[0]!, "r", "high");
      writer.store(outputs[1]!, "r", "logf(total)");
    });
    if (group.entries.length > 0) visit((_, place) => writeEntries(parts, place));
  });
  return { kernels: [writer.finish(parts.shared)], arrange: arrangeRows(x) };
}
