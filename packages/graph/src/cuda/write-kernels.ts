import type { OperationOf } from "../operation.ts";
import { multiplyDimensions } from "../dimension.ts";
import { shapeSize, type Shape, type Tensor } from "../tensor.ts";
import type { DeviceProgram } from "./cuda-program.ts";
import { EntryReader, literal } from "./entry-reader.ts";
import { addendOf } from "./join-addends.ts";
import type { GroupedProgram, KernelGroup } from "./kernel-groups.ts";
import { powerOfTwo, type Arrangement, type Extent, type KernelStep } from "./kernel-step.ts";
import { blockThreads, KernelWriter } from "./kernel-writer.ts";
import {
  joinParts,
  linear,
  partOf,
  placeAcross,
  placeAt,
  placeInRow,
  reshapePlace,
  type Place,
} from "./place.ts";

/** What the writers of kernels share. */
interface Parts {
  readonly program: DeviceProgram;
  readonly grouped: GroupedProgram;
  readonly group: KernelGroup;
  readonly writer: KernelWriter;
  readonly reader: EntryReader;
  /** Values in whose memory results may lie. */
  readonly shared: ReadonlySet<number>;
}

function open(
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
 * Computes the values of a group that are entry by entry, at one or several places, and stores those
 * that others read.
 */
function writeEntries(
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
  // Behind all reads: results may lie where something lay that is read at the same entry.
  for (const store of stores) store();
}

/** Entries of a row that a thread computes, if rows are long enough for it. */
const entriesPerThread = 4;
const minThreadsPerRow = 8;

/** The rows of a group's values, whose length is known and can be shared out. */
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

function writeMap(parts: Parts): KernelStep {
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
      // What depends on the row alone is worked out once for several entries; threads side by side
      // are at entries side by side.
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

function gridFor(count: number, perBlock: number, most: number): number {
  return Math.min(Math.ceil(count / perBlock), most);
}

/** Sums up or compares what the lanes of a row found, in `held`; lane 0 has the result. */
function writeTree(writer: KernelWriter, combine: (at: string, other: string) => void): void {
  writer.line("__syncthreads();");
  writer.block("for (I s = lanes / 2; s > 0; s /= 2)", () => {
    writer.block("if (lane < s)", () => combine("threadIdx.x", "threadIdx.x + s"));
    writer.line("__syncthreads();");
  });
}

/** The loops over the columns of a row that its lanes share. */
interface RowLoops {
  /** Only reads. */
  readonly read: (use: (value: string) => void) => void;
  /** Writes as well. */
  readonly visit: (write: (value: string, place: Place) => void) => void;
}

/** The loop over rows of a kernel in which some lanes share each row. */
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

/** How many lanes share a row. */
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

function writeRmsNorm(parts: Parts, operation: OperationOf<"rmsNorm">): KernelStep {
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

/** Makes the result of a row known at a place, computes what else is to be computed there, and stores. */
function finishRow(parts: Parts, result: Tensor, place: Place, value: string): void {
  const { writer, reader, grouped } = parts;
  const name = writer.fresh();
  writer.line(`const float ${name} = ${value};`);
  reader.know(result, place, name);
  writeEntries(parts, place);
  if (grouped.isStored(result)) writer.store(result, linear(place), name);
}

/** Maximum and sum of exponentials of a row in one pass: `highs` and `totals` of each lane, combined. */
function writeSoftmaxTotals(parts: Parts, read: RowLoops["read"]): void {
  const { writer } = parts;
  writer.line("float high = -INFINITY, total = 0.0f;");
  read((value) => {
    // The sum is scaled down when a larger maximum is found. Equal ones first: -Infinity has no difference.
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

function writeSoftmax(parts: Parts, operation: OperationOf<"softmax">): KernelStep {
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

function writeStatistics(parts: Parts, x: Tensor, outputs: readonly Tensor[]): KernelStep {
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

type ReduceKind = "reduceSum" | "reduceMean" | "reduceMax";

const reductions = {
  reduceSum: { start: "0.0f", combine: (a: string, b: string) => `${a} + ${b}` },
  reduceMean: { start: "0.0f", combine: (a: string, b: string) => `${a} + ${b}` },
  reduceMax: { start: "-INFINITY", combine: (a: string, b: string) => `larger(${a}, ${b})` },
} as const;

function writeReduce(parts: Parts, operation: OperationOf<ReduceKind>): KernelStep {
  const { program, grouped, group, writer, reader, shared } = parts;
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

  // Lanes are next to one another where entries of a sum are, and far apart where results are.
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
  const placeOf = (r: string): Place =>
    placeAcross(writer, x!.shape, axes, { inner: r, outer: "o" });
  const add = (value: string): void => writer.line(`total = ${combine("total", value)};`);
  writer.block("if (isIn)", () => {
    if (group.entries.length === 0) {
      writer.readingLoop(
        { name: "r", start: "start + lane", end: "end", stride: "lanes" },
        (r) => reader.read(x!, placeOf(r)),
        add,
      );
      return;
    }
    writer.loop("for (I r = start + lane; r < end; r += lanes)", () => {
      const place = placeOf("r");
      add(reader.read(x!, place));
      writeEntries(parts, place);
    });
  });
  writeTotal(writer, isAlongRows);
  if (grouped.isStored(result!)) {
    writer.block("if (isIn && lane == 0)", () => {
      writer.block("if (parts == 1)", () =>
        writer.store(result!, "o", finish(writer, "held[threadIdx.x]")),
      );
      writer.line(`else ${writer.scratch("scratch")}[part * ${results} + o] = held[threadIdx.x];`);
    });
  }

  const second = open(program, grouped, group, shared).writer;
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

/** Lanes of a sum whose entries are far apart. */
function columnLanes(numInner: number, numOuter: number): number {
  if (numInner <= 16 || numOuter >= 2 ** 18) return 1;
  return numOuter >= 32 ? 8 : powerOfTwo(8, blockThreads / Math.max(1, numOuter), blockThreads);
}

/** The place of an entry of an update, in updates `[...ids, ...entry]`. */
function placeOfUpdate(
  writer: KernelWriter,
  updates: Tensor,
  rank: number,
  update: string,
  column: string,
): Place {
  const ids = placeAt(writer, updates.shape.slice(0, rank), update);
  const entry = placeAt(writer, updates.shape.slice(rank), column);
  return joinParts(writer, updates.shape, [
    partOf(ids, 0, rank),
    partOf(entry, 0, updates.shape.length - rank),
  ]);
}

/** Writes each update to the row that its id names: no id occurs twice. */
function writePlacing(
  parts: Parts,
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
      const place = placeAt(writer, updates.shape, "i");
      const idPlace = joinParts(writer, ids.shape, [partOf(place, 0, rank)]);
      const id = reader.read(ids, idPlace);
      const column = place.range(rank, updates.shape.length);
      writer.block(`if ((I)(unsigned int)${id} < ${writer.size(result.shape[0]!)})`, () => {
        const value = reader.read(updates, place);
        const at = writer.index(`(I)${id} * ${writer.size(entry)} + ${column}`);
        writer.store(result, at, adds ? `${writer.load(result, at)} + ${value}` : value);
      });
    },
  );
  return {
    kernels: [writer.finish(parts.shared)],
    arrange: ({ size, blocks }) => ({
      launches: [
        { kernel: 0, grid: gridFor(size(count), blockThreads, 8 * blocks), arguments: {} },
      ],
      clears,
    }),
  };
}

/**
 * Sums of updates by row, in the order of the updates: so that results do not depend on threads. Where
 * rows are few, a block looks for the updates of a row; where they are many, the block of the first
 * update of a row does.
 */
function writeScatterAdd(parts: Parts, operation: OperationOf<"scatterAdd">): KernelStep {
  const { program, grouped, group, shared } = parts;
  const [updates, ids] = operation.inputs;
  const [result] = operation.outputs;
  const adds = addendOf(operation) !== undefined;
  if (operation.attributes.uniqueIds) {
    const values = { updates: updates!, ids: ids!, result: result! };
    return writePlacing(parts, values, { clears: !adds, adds });
  }
  const rank = ids!.shape.length;
  const entry = shapeSize(updates!.shape.slice(rank));
  const numIds = program.size(ids!);
  const rows = result!.shape[0]!;
  const write = (own: Parts, isByRow: boolean): KernelWriter => {
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
          const place = placeOfUpdate(writer, updates!, rank, "u", "column");
          writer.line(`total += ${own.reader.read(updates!, place)};`);
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
  const byUpdate = write(open(program, grouped, group, shared), false).finish(parts.shared);
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

/** The same within each row: the first update of an entry adds up those that follow. */
function writeScatterAlong(parts: Parts, operation: OperationOf<"scatterAddAlong">): KernelStep {
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
          const value = reader.read(updates!, placeAt(writer, updates!.shape, "k"));
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
        { kernel: 0, grid: gridFor(sizeOf(count), blockThreads, 8 * blocks), arguments: {} },
      ],
      clears: true,
    }),
  };
}

/**
 * Writes the kernels of a group.
 * @param shared - Values in whose memory results may lie.
 */
export function writeKernels(
  program: DeviceProgram,
  grouped: GroupedProgram,
  group: KernelGroup,
  shared: ReadonlySet<number>,
): KernelStep {
  const parts = open(program, grouped, group, shared);
  const { whole } = group;
  if (!whole) return writeMap(parts);
  switch (whole.kind) {
    case "rmsNorm":
      return writeRmsNorm(parts, whole);
    case "softmax":
      return writeSoftmax(parts, whole);
    case "softmaxStatistics":
      return writeStatistics(parts, whole.inputs[0]!, whole.outputs);
    case "reduceSum":
    case "reduceMean":
    case "reduceMax":
      return writeReduce(parts, whole);
    case "scatterAdd":
      return writeScatterAdd(parts, whole);
    case "scatterAddAlong":
      return writeScatterAlong(parts, whole);
    case "replaceRows": {
      const [, updates, ids] = whole.inputs;
      const result = whole.outputs[0]!;
      const values = { updates: updates!, ids: ids!, result };
      return writePlacing(parts, values, { clears: false, adds: false });
    }
    default:
      throw new Error(`compile: ${whole.kind} must have a kernel`);
  }
}
