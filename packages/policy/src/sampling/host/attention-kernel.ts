import { pagePositions } from "../runner/page-table.ts";
import { FunctionWriter, wasmModule } from "../../wasm/wasm-writer.ts";

/** Parameters of a kernel. */
export interface AttentionShape {
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
  /** Size of a head, a multiple of 4. */
  readonly headSize: number;
}

/** Number of keys per block: a SIMD register holds the same entry of four keys. */
export const blockKeys = 4;
const blocksPerPage = pagePositions / blockKeys;
/** Number of SIMD accumulators of a tile; with temporaries they fit into 16 registers. */
const accumulators = 8;
/** Bytes of one entry of the job list of {@link AttentionKernel}. */
export const jobBytes = 20;

/**
 * Grouped-query attention over paged keys and values, in WebAssembly with SIMD.
 *
 * Each query is computed separately, with the same operations in the same order, so its result does
 * not depend on the rest of the batch or on the chunks of the prompt. Sampling is thus
 * reproducible, and needs no padding.
 *
 * @param jobs - Address of the job list, one entry per sequence of 5 int32: address of the queries
 *   `[query, head, headSize]`; address of the results, of the same shape; address of the page table
 *   (addresses of pages); number of queries; position of the first query.
 * @param numJobs - Number of jobs, `>= 1`.
 * @param layerOffset - Offset of the layer within a page, in bytes: for each key-value head, keys
 *   `[block, headSize, blockKeys]`, then values `[position, headSize]`.
 * @param scratch - Address of scratch memory for four rows of scores, each of `scratchStride`
 *   bytes.
 * @param scratchStride - A multiple of 16, at least four bytes per position rounded up to 16.
 */
export type AttentionKernel = (
  jobs: number,
  numJobs: number,
  layerOffset: number,
  scratch: number,
  scratchStride: number,
) => void;

/** Generates the module whose export `attend` is an {@link AttentionKernel}. */
export function attentionModule(
  shape: AttentionShape,
  options: { readonly sharedMemory?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  if (shape.headSize % 4 !== 0) {
    throw new RangeError(
      `attentionModule: headSize must be a multiple of 4, got ${shape.headSize}`,
    );
  }
  const tiles = [1, 2, 4].map((numRows) => writeTile(shape, numRows));
  return wasmModule([...tiles, writeAttend(shape)], options);
}

/** Writes the loops over jobs, key-value heads and tiles of rows. */
function writeAttend({ numHeads, numKeyValueHeads, headSize }: AttentionShape): FunctionWriter {
  const f = new FunctionWriter("attend", 5);
  const [job, jobsLeft, layerOffset, scratch, stride] = [0, 1, 2, 3, 4];
  const head = f.local("i32");
  const numRows = f.local("i32");
  const row = f.local("i32");
  const pageOffset = f.local("i32");
  const headOffset = f.local("i32");
  const group = numHeads / numKeyValueHeads;
  const callTile = (index: number): void => {
    f.get(job).loadInt(0).get(headOffset).op("i32.add");
    f.get(job).loadInt(4).get(headOffset).op("i32.add");
    f.get(job).loadInt(8).get(pageOffset).get(row).get(job).loadInt(16);
    f.get(scratch).get(stride).call(index);
    f.get(row)
      .int(2 ** index)
      .op("i32.add")
      .set(row);
  };
  f.repeat(() => {
    f.int(0).set(head);
    f.get(layerOffset).set(pageOffset);
    f.int(0).set(headOffset);
    f.get(job).loadInt(12).int(group).op("i32.mul").set(numRows);
    f.repeat(() => {
      f.int(0).set(row);
      f.repeat(() => {
        // Choose the widest tile that fits the remaining rows.
        const left = (): FunctionWriter => f.get(numRows).get(row).op("i32.sub");
        left()
          .int(4)
          .op("i32.ge_s")
          .when(() => callTile(2));
        left().int(4).op("i32.lt_s");
        left()
          .int(2)
          .op("i32.ge_s", "i32.and")
          .when(() => callTile(1));
        left()
          .int(1)
          .op("i32.sub", "i32.eqz")
          .when(() => callTile(0));
        f.get(row).get(numRows).op("i32.lt_s");
      });
      f.get(pageOffset)
        .int(2 * pagePositions * headSize * 4)
        .op("i32.add")
        .set(pageOffset);
      f.get(headOffset)
        .int(group * headSize * 4)
        .op("i32.add")
        .set(headOffset);
      f.get(head).int(1).op("i32.add").tee(head).int(numKeyValueHeads).op("i32.lt_s");
    });
    f.get(job).int(jobBytes).op("i32.add").set(job);
    f.get(jobsLeft).int(1).op("i32.sub").tee(jobsLeft);
  });
  return f;
}

/**
 * Writes attention of `numRows` rows (each is one head of one query) to one key-value head:
 * scores and their maxima, then weights and their sums, then weighted values.
 */
function writeTile(shape: AttentionShape, numRows: number): FunctionWriter {
  const { numHeads, numKeyValueHeads, headSize } = shape;
  const f = new FunctionWriter(`tile${numRows}`, 8);
  const [queries, results, table, pageOffset, firstRow, firstPosition, scratch, stride] = [
    0, 1, 2, 3, 4, 5, 6, 7,
  ];
  const rows = Array.from({ length: numRows }, (_, row) => row);
  const query = f.locals("i32", numRows);
  const result = f.locals("i32", numRows);
  const limit = f.locals("i32", numRows);
  const scores = f.locals("i32", numRows);
  const block = f.local("i32");
  const numKeys = f.local("i32");
  const group = numHeads / numKeyValueHeads;

  for (const row of rows) {
    const index = (): FunctionWriter => f.get(firstRow).int(row).op("i32.add");
    const offset = f.local("i32");
    // Rows are ordered by query, and within a query by the heads of the group.
    index().int(group).op("i32.div_u").int(numHeads).op("i32.mul");
    index().int(group).op("i32.rem_u", "i32.add");
    f.int(headSize * 4)
      .op("i32.mul")
      .set(offset);
    f.get(queries).get(offset).op("i32.add").set(query[row]!);
    f.get(results).get(offset).op("i32.add").set(result[row]!);
    index().int(group).op("i32.div_u").get(firstPosition).op("i32.add").int(1).op("i32.add");
    f.set(limit[row]!);
    f.get(scratch).int(row).get(stride).op("i32.mul", "i32.add").set(scores[row]!);
  }
  // The last row attends to the largest number of keys.
  f.get(limit[numRows - 1]!).set(numKeys);

  writeScores();
  const sums = writeWeights();
  const width = accumulators / numRows;
  for (let entry = 0; entry < headSize; entry += 4 * width) {
    writeValues(entry, Math.min(width, (headSize - entry) / 4));
  }
  return f;

  /** Writes a loop over blocks of four keys, several at a time. */
  function forBlocks(step: number, body: () => void): void {
    f.int(0).set(block);
    f.repeat(() => {
      body();
      f.get(block).int(step).op("i32.add").tee(block).int(blockKeys).op("i32.mul");
      f.get(numKeys).op("i32.lt_s");
    });
  }

  /** Pushes the address of a row's scores for the current block. */
  function scoreAddress(row: number): FunctionWriter {
    return f.get(scores[row]!).get(block).int(4).op("i32.shl", "i32.add");
  }

  /** Pushes the address of the layer within the page of the current block. */
  function pageAddress(): FunctionWriter {
    f.get(table).get(block).int(Math.log2(blocksPerPage)).op("i32.shr_u").int(2);
    return f.op("i32.shl", "i32.add").loadInt().get(pageOffset).op("i32.add");
  }

  /** Pushes the offset of the current block within its page. */
  function blockOffset(blockBytes: number): FunctionWriter {
    return f
      .get(block)
      .int(blocksPerPage - 1)
      .op("i32.and")
      .int(blockBytes)
      .op("i32.mul");
  }

  function writeScores(): void {
    const keys = f.local("i32");
    const query4 = f.local("v128");
    const entry = f.local("i32");
    // Process several blocks at once, for independent sums.
    const parts = Array.from({ length: accumulators / numRows }, (_, part) => part);
    const loaded = f.locals("v128", parts.length);
    const totals = rows.map(() => f.locals("v128", parts.length));
    const blockBytes = headSize * blockKeys * 4;
    forBlocks(parts.length, () => {
      pageAddress();
      blockOffset(blockBytes).op("i32.add").set(keys);
      for (const total of totals.flat()) f.floats(0).set(total);
      f.int(0).set(entry);
      // Do not unroll: V8's code for a long body overloads the processor's front end.
      f.repeat(() => {
        for (const part of parts)
          f.get(keys)
            .load(part * blockBytes)
            .set(loaded[part]!);
        for (const row of rows) {
          f.get(query[row]!).get(entry).op("i32.add").loadSplat().set(query4);
          for (const part of parts) {
            const total = totals[row]![part]!;
            f.get(total).get(query4).get(loaded[part]!).op("f32x4.mul", "f32x4.add").set(total);
          }
        }
        f.get(keys)
          .int(blockKeys * 4)
          .op("i32.add")
          .set(keys);
        f.get(entry)
          .int(4)
          .op("i32.add")
          .tee(entry)
          .int(headSize * 4)
          .op("i32.lt_s");
      });
      for (const row of rows) {
        for (const part of parts) {
          const total = totals[row]![part]!;
          scoreAddress(row)
            .get(total)
            .store(part * 16);
        }
      }
    });
  }

  /**
   * Writes code that replaces scores by `exp(score - maximum)`.
   * @returns Variables that hold the reciprocal sums.
   */
  function writeWeights(): number[] {
    const limits = f.locals("v128", numRows);
    const extremes = f.locals("v128", numRows);
    const sums = f.locals("v128", numRows);
    const positions = f.local("v128");
    const x = f.local("v128");
    const isCounted = f.local("v128");
    const whole = f.local("v128");
    const constant = (value: number): number => {
      const variable = f.local("v128");
      f.floats(value).set(variable);
      return variable;
    };
    const nothing = constant(-Infinity);
    const four = f.local("v128");
    f.int(blockKeys).op("i32x4.splat").set(four);
    for (const row of rows) {
      f.get(limit[row]!).op("i32x4.splat").set(limits[row]!);
      f.floats(-Infinity).set(extremes[row]!);
      f.floats(0).set(sums[row]!);
    }
    f.lanes().set(positions);
    forBlocks(1, () => {
      for (const row of rows) {
        // Keys after the row's own position are masked.
        scoreAddress(row);
        scoreAddress(row).load().get(nothing).get(positions).get(limits[row]!);
        f.op("i32x4.lt_s", "v128.bitselect").tee(x).store();
        f.get(extremes[row]!).get(x).op("f32x4.max").set(extremes[row]!);
      }
      f.get(positions).get(four).op("i32x4.add").set(positions);
    });
    for (const row of rows) {
      for (const lane of [0, 1, 2, 3]) f.get(extremes[row]!).lane(lane);
      f.op("f32.max", "f32.max", "f32.max", "f32x4.splat").set(extremes[row]!);
    }
    const scale = constant(1 / Math.sqrt(headSize));
    const smallest = constant(-87);
    const perLog2 = constant(Math.LOG2E);
    // ln 2 in two parts: the first is exact when multiplied by a small integer.
    const log2 = [constant(0.693359375), constant(Math.LN2 - 0.693359375)];
    // Taylor polynomial of degree 7: its error is below float32 rounding.
    const factors = [1 / 5040, 1 / 720, 1 / 120, 1 / 24, 1 / 6, 1 / 2, 1].map(constant);
    const bias = f.local("v128");
    f.int(127).op("i32x4.splat").set(bias);
    forBlocks(1, () => {
      for (const row of rows) {
        scoreAddress(row).load().get(extremes[row]!).op("f32x4.sub").get(scale).op("f32x4.mul");
        // Below this limit the result would be subnormal; use 0, as for masked keys.
        f.tee(x).get(smallest).op("f32x4.gt").set(isCounted);
        f.get(x).get(smallest).op("f32x4.max").tee(x);
        // exp(x) = 2^whole * exp(rest), with the rest in [-ln 2 / 2, ln 2 / 2].
        f.get(perLog2).op("f32x4.mul", "f32x4.nearest").set(whole).get(x);
        for (const part of log2) f.get(whole).get(part).op("f32x4.mul", "f32x4.sub");
        f.set(x);
        scoreAddress(row);
        f.get(factors[0]!);
        for (const factor of factors.slice(1)) {
          f.get(x).op("f32x4.mul").get(factor).op("f32x4.add");
        }
        f.get(x).op("f32x4.mul").get(factors.at(-1)!).op("f32x4.add");
        // Compute 2^whole by writing the exponent bits of a float.
        f.get(whole).op("i32x4.trunc_sat_f32x4_s").get(bias).op("i32x4.add").int(23);
        f.op("i32x4.shl", "f32x4.mul").get(isCounted).op("v128.and").tee(x).store();
        f.get(sums[row]!).get(x).op("f32x4.add").set(sums[row]!);
      }
    });
    for (const row of rows) {
      f.float(1);
      for (const lane of [0, 1, 2, 3]) f.get(sums[row]!).lane(lane);
      f.op("f32.add", "f32.add", "f32.add", "f32.div", "f32x4.splat").set(sums[row]!);
    }
    return sums;
  }

  /** Writes code for weighted sums of `4 * width` entries of the values, for all rows. */
  function writeValues(entry: number, width: number): void {
    const values = f.local("i32");
    const address = f.locals("i32", numRows);
    const done = f.local("i32");
    const loaded = f.local("v128");
    const weights = f.locals("v128", numRows);
    const parts = Array.from({ length: width }, (_, part) => part);
    const totals = rows.map(() => f.locals("v128", width));
    for (const total of totals.flat()) f.floats(0).set(total);
    const rowBytes = headSize * 4;
    // The last block may contain keys that no row attends to; their weight is 0.
    forBlocks(1, () => {
      pageAddress();
      blockOffset(blockKeys * rowBytes)
        .op("i32.add")
        .set(values);
      for (const row of rows) scoreAddress(row).set(address[row]!);
      f.int(0).set(done);
      f.repeat(() => {
        for (const row of rows) {
          f.get(address[row]!).get(done).op("i32.add").loadSplat().set(weights[row]!);
        }
        for (const part of parts) {
          f.get(values)
            .load(pagePositions * rowBytes + entry * 4 + part * 16)
            .set(loaded);
          for (const row of rows) {
            const total = totals[row]![part]!;
            f.get(total).get(weights[row]!).get(loaded).op("f32x4.mul", "f32x4.add").set(total);
          }
        }
        f.get(values).int(rowBytes).op("i32.add").set(values);
        f.get(done)
          .int(4)
          .op("i32.add")
          .tee(done)
          .int(blockKeys * 4)
          .op("i32.lt_s");
      });
    });
    for (const row of rows) {
      for (const part of parts) {
        f.get(result[row]!).get(totals[row]![part]!).get(sums[row]!).op("f32x4.mul");
        f.store((entry + part * 4) * 4);
      }
    }
  }
}
