import { bindFeeds, evaluateShape, type Sizes } from "./bind-feeds.ts";
import { evaluateDimension } from "./dimension.ts";
import { mapRecord } from "./map-record.ts";
import type { Operation, OperationKind, ExecutableKind } from "./operation.ts";
import type { Feeds, Program } from "./program.ts";
import type { DataType, Tensor } from "./tensor.ts";

/** Value in the interpreter: all entries as float64, booleans as 1 and 0. */
export interface ReferenceValue {
  readonly dtype: DataType;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type MultiIndex = readonly number[];

function count(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** Row-major index of a multi-index; axes of size 1 and missing leading axes broadcast. */
function flatIndex(shape: readonly number[], place: MultiIndex): number {
  let index = 0;
  const skipped = place.length - shape.length;
  for (let axis = 0; axis < shape.length; axis++) {
    const size = shape[axis]!;
    index = index * size + (size === 1 ? 0 : place[axis + skipped]!);
  }
  return index;
}

/**
 * Visits every multi-index of a shape in row-major order. The index object is reused, so it is
 * valid only during the visit.
 */
function visit(shape: readonly number[], at: (place: MultiIndex, index: number) => void): void {
  const place = shape.map(() => 0);
  const length = count(shape);
  for (let index = 0; index < length; index++) {
    at(place, index);
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (++place[axis]! < shape[axis]!) break;
      place[axis] = 0;
    }
  }
}

function fill(
  shape: readonly number[],
  entry: (place: MultiIndex, index: number) => number,
): Float64Array {
  const result = new Float64Array(count(shape));
  visit(shape, (place, index) => {
    result[index] = entry(place, index);
  });
  return result;
}

function checkId(where: string, id: number, limit: number): number {
  if (id >= 0 && id < limit) return id;
  throw new RangeError(`${where}: id must be a whole number in [0, ${limit - 1}], got ${id}`);
}

const unary: Readonly<Record<string, (x: number) => number>> = {
  negate: (x) => -x,
  exp: Math.exp,
  log: Math.log,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  tanh: Math.tanh,
  sigmoid: (x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x))),
  silu: (x) => x / (1 + Math.exp(-x)),
  not: (x) => 1 - x,
};

const binary: Readonly<Record<string, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  minimum: Math.min,
  maximum: Math.max,
  greater: (a, b) => Number(a > b),
  equal: (a, b) => Number(a === b),
  and: (a, b) => a * b,
};

/** Sum, mean or maximum over axes. */
function reduce(
  x: ReferenceValue,
  axes: readonly number[],
  start: number,
  combine: (total: number, entry: number) => number,
): Float64Array {
  const kept = x.shape.map((size, axis) => (axes.includes(axis) ? 1 : size));
  const totals = new Float64Array(count(kept)).fill(start);
  visit(x.shape, (place, i) => {
    const at = flatIndex(kept, place);
    totals[at] = combine(totals[at]!, x.data[i]!);
  });
  return totals;
}

/** Applies a rule to every row along the last axis. */
function mapRows(x: ReferenceValue, rule: (row: Float64Array) => Float64Array): Float64Array {
  const size = x.shape.at(-1)!;
  const result = new Float64Array(x.data.length);
  for (let start = 0; start < x.data.length; start += size) {
    result.set(rule(x.data.subarray(start, start + size)), start);
  }
  return result;
}

function logSoftmaxRow(row: Float64Array): Float64Array {
  const high = row.reduce((most, entry) => Math.max(most, entry), -Infinity);
  const total = row.reduce((sum, entry) => sum + Math.exp(entry - high), 0);
  return row.map((entry) => entry - high - Math.log(total));
}

function swapLast<T>(place: readonly T[], isSwapped: boolean): T[] {
  return isSwapped ? [...place.slice(0, -2), place.at(-1)!, place.at(-2)!] : [...place];
}

/** Computes the outputs of one operation, of the given shapes. */
function evaluate(
  operation: Operation,
  inputs: readonly ReferenceValue[],
  shapes: readonly (readonly number[])[],
  sizes: Sizes,
): readonly Float64Array[] {
  const [x, y, z] = [inputs[0]!, inputs[1]!, inputs[2]!];
  const shape = shapes[0]!;
  const { kind } = operation;
  switch (kind) {
    case "constant":
      return [Float64Array.from(operation.attributes.values)];
    case "size":
      return [Float64Array.of(evaluateDimension(operation.attributes.dimension, sizes))];
    case "iota":
      return [fill(shape, (_, i) => i)];
    case "negate":
    case "exp":
    case "log":
    case "sqrt":
    case "reciprocal":
    case "sigmoid":
    case "tanh":
    case "silu":
    case "not":
      return [x.data.map(unary[kind]!)];
    case "add":
    case "subtract":
    case "multiply":
    case "divide":
    case "minimum":
    case "maximum":
    case "greater":
    case "equal":
    case "and": {
      const entries = fill(shape, (place) =>
        binary[kind]!(x.data[flatIndex(x.shape, place)]!, y.data[flatIndex(y.shape, place)]!),
      );
      return [kind === "divide" && x.dtype === "int32" ? entries.map(Math.trunc) : entries];
    }
    case "where":
      return [
        fill(shape, (place) => {
          const chosen = x.data[flatIndex(x.shape, place)] === 0 ? z : y;
          return chosen.data[flatIndex(chosen.shape, place)]!;
        }),
      ];
    case "cast": {
      const { dtype } = operation.outputs[0]!;
      if (dtype === "bool") return [x.data.map((entry) => Number(entry !== 0))];
      return [dtype === "int32" ? x.data.map(Math.trunc) : x.data];
    }
    case "reduceSum":
      return [reduce(x, operation.attributes.axes, 0, (total, entry) => total + entry)];
    case "reduceMean": {
      const total = reduce(x, operation.attributes.axes, 0, (sum, entry) => sum + entry);
      return [total.map((sum) => (sum * total.length) / x.data.length)];
    }
    case "reduceMax":
      return [reduce(x, operation.attributes.axes, -Infinity, Math.max)];
    case "matmul": {
      const { transposeA, transposeB, scale } = operation.attributes;
      const inner = swapLast(x.shape, transposeA).at(-1)!;
      return [
        fill(shape, (place) => {
          const batch = place.slice(0, -2);
          let total = 0;
          for (let k = 0; k < inner; k++) {
            const left = swapLast([...batch, place.at(-2)!, k], transposeA);
            const right = swapLast([...batch, k, place.at(-1)!], transposeB);
            total += x.data[flatIndex(x.shape, left)]! * y.data[flatIndex(y.shape, right)]!;
          }
          return scale * total;
        }),
      ];
    }
    case "linear": {
      const [out, size] = [y.shape[0]!, y.shape[1]!];
      return [
        fill(shape, (_, i) => {
          const row = Math.floor(i / out);
          const column = i % out;
          let total = inputs.length === 3 ? z.data[column]! : 0;
          for (let k = 0; k < size; k++) {
            total += x.data[row * size + k]! * y.data[column * size + k]!;
          }
          return total;
        }),
      ];
    }
    case "reshape":
      return [x.data];
    case "expand":
      return [fill(shape, (place) => x.data[flatIndex(x.shape, place)]!)];
    case "transpose": {
      const { permutation } = operation.attributes;
      return [
        fill(shape, (place) => {
          const source: number[] = [];
          permutation.forEach((axis, i) => (source[axis] = place[i]!));
          return x.data[flatIndex(x.shape, source)]!;
        }),
      ];
    }
    case "slice": {
      const { axis } = operation.attributes;
      const start = evaluateDimension(operation.attributes.start, sizes);
      return [
        fill(shape, (place) => x.data[flatIndex(x.shape, place.with(axis, place[axis]! + start))]!),
      ];
    }
    case "concat": {
      const { axis } = operation.attributes;
      return [
        fill(shape, (place) => {
          let at = place[axis]!;
          let part = 0;
          while (at >= inputs[part]!.shape[axis]!) at -= inputs[part++]!.shape[axis]!;
          return inputs[part]!.data[flatIndex(inputs[part]!.shape, place.with(axis, at))]!;
        }),
      ];
    }
    case "gather": {
      const entry = count(x.shape.slice(1));
      return [
        fill(shape, (_, i) => {
          const row = checkId("gather", y.data[Math.floor(i / entry)]!, x.shape[0]!);
          return x.data[row * entry + (i % entry)]!;
        }),
      ];
    }
    case "scatterAdd": {
      const entry = count(shape.slice(1));
      const result = new Float64Array(count(shape));
      x.data.forEach((update, i) => {
        const row = checkId("scatterAdd", y.data[Math.floor(i / entry)]!, shape[0]!);
        result[row * entry + (i % entry)]! += update;
      });
      return [result];
    }
    case "replaceRows": {
      const entry = count(shape.slice(1));
      const result = x.data.slice();
      z.data.forEach((id, i) => {
        const row = checkId("replaceRows", id, shape[0]!);
        result.set(y.data.subarray(i * entry, (i + 1) * entry), row * entry);
      });
      return [result];
    }
    case "takeAlong": {
      const size = x.shape.at(-1)!;
      const width = shape.at(-1)!;
      return [
        fill(shape, (_, i) => {
          return x.data[Math.floor(i / width) * size + checkId("takeAlong", y.data[i]!, size)]!;
        }),
      ];
    }
    case "scatterAddAlong": {
      const size = shape.at(-1)!;
      const width = x.shape.at(-1)!;
      const result = new Float64Array(count(shape));
      x.data.forEach((update, i) => {
        const id = checkId("scatterAddAlong", y.data[i]!, size);
        result[Math.floor(i / width) * size + id]! += update;
      });
      return [result];
    }
    case "softmax":
      return [mapRows(x, (row) => logSoftmaxRow(row).map(Math.exp))];
    case "logSoftmax":
      return [mapRows(x, logSoftmaxRow)];
    case "rmsNorm": {
      const { epsilon } = operation.attributes;
      const squares = reduce(x, [x.shape.length - 1], 0, (total, entry) => total + entry * entry);
      const size = x.shape.at(-1)!;
      const scales = squares.map((total) => 1 / Math.sqrt(total / size + epsilon));
      const result = x.data.map((e, i) => e * scales[Math.floor(i / size)]! * y.data[i % size]!);
      return [result, scales];
    }
    case "rope": {
      const [time, heads, size] = [x.shape[1]!, x.shape[2]!, x.shape[3]!];
      const half = size / 2;
      const sign = operation.attributes.inverse ? -1 : 1;
      const sin = inputs[2]!;
      const positions = inputs[3]!;
      return [
        fill(shape, ([row, at, head, j], i) => {
          const angle = checkId("rope", positions.data[row! * time + at!]!, y.shape[0]!) * half;
          const cosine = y.data[angle + (j! % half)]!;
          const sine = sign * sin.data[angle + (j! % half)]!;
          const start = ((row! * time + at!) * heads + head!) * size;
          const other = x.data[start + ((j! + half) % size)]!;
          return x.data[i]! * cosine + (j! < half ? -other : other) * sine;
        }),
      ];
    }
    case "barrier":
      return [x.data];
    default:
      return refuse(kind);
  }
}

/** Compile-time check that the interpreter implements every operation. */
function refuse(kind: Exclude<OperationKind, ExecutableKind>): never {
  throw new Error(`interpret: ${kind} must not be an operation of a program`);
}

/**
 * Runs a program in float64 by the definition of each operation: slow; the reference for all
 * executors.
 * @throws `RangeError` or `TypeError` for feeds that do not match the program, see `bindFeeds`;
 *   `RangeError` for an id outside its table.
 */
export function interpret<Output extends string>(
  program: Program<Output>,
  feeds: Feeds,
): Record<Output, ReferenceValue> {
  const sizes = bindFeeds("interpret", program, feeds);
  const values = new Map<number, ReferenceValue>();
  for (const [name, { id, dtype }] of Object.entries(program.inputs)) {
    const { data, shape } = feeds[name]!;
    values.set(id, { dtype, shape, data: Float64Array.from(data) });
  }
  for (const operation of program.operations) {
    if (operation.kind === "input") continue;
    const inputs = operation.inputs.map((tensor) => values.get(tensor.id)!);
    const shapes = operation.outputs.map((tensor) => evaluateShape(tensor.shape, sizes));
    const results = evaluate(operation, inputs, shapes, sizes);
    operation.outputs.forEach(({ id, dtype }, i) => {
      values.set(id, { dtype, shape: shapes[i]!, data: results[i]! });
    });
  }
  return mapRecord<Output, Tensor, ReferenceValue>(program.outputs, ({ id }) => values.get(id)!);
}
