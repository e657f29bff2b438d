import { checkSameLength } from "./check.ts";
import type { TensorOperations } from "./tensor-operations.ts";

/** Flat tensor of float64; a scalar is a list of length 1. */
export type PlainTensor = Float64Array;

function isScalar(tensor: PlainTensor | number): boolean {
  return typeof tensor === "number" || tensor.length === 1;
}

function combine(
  name: string,
  a: PlainTensor | number,
  b: PlainTensor | number,
  rule: (x: number, y: number) => number,
): PlainTensor {
  const left = typeof a === "number" ? Float64Array.of(a) : a;
  const right = typeof b === "number" ? Float64Array.of(b) : b;
  if (isScalar(left)) return right.map((y) => rule(left[0]!, y));
  if (isScalar(right)) return left.map((x) => rule(x, right[0]!));
  checkSameLength(name, { a: left, b: right });
  return left.map((x, i) => rule(x, right[i]!));
}

/** {@link TensorOperations} on float64 arrays: the reference for every other backend. */
export const plainOperations: TensorOperations<PlainTensor> = {
  add: (a, b) => combine("add", a, b, (x, y) => x + y),
  subtract: (a, b) => combine("subtract", a, b, (x, y) => x - y),
  multiply: (a, b) => combine("multiply", a, b, (x, y) => x * y),
  divide: (a, b) => combine("divide", a, b, (x, y) => x / y),
  minimum: (a, b) => combine("minimum", a, b, Math.min),
  maximum: (a, b) => combine("maximum", a, b, Math.max),
  greater: (a, b) => combine("greater", a, b, (x, y) => (x > y ? 1 : 0)),
  where: (condition, a, b) => {
    const at = (tensor: PlainTensor | number, i: number): number =>
      typeof tensor === "number" ? tensor : tensor.length === 1 ? tensor[0]! : tensor[i]!;
    const lists = [condition, a, b].filter(
      (tensor): tensor is PlainTensor => typeof tensor !== "number" && tensor.length !== 1,
    );
    const length = lists[0]?.length ?? 1;
    for (const list of lists) checkSameLength("where", { condition: lists[0]!, value: list });
    return Float64Array.from({ length }, (_, i) => (at(condition, i) !== 0 ? at(a, i) : at(b, i)));
  },
  negate: (a) => a.map((x) => -x),
  exp: (a) => a.map(Math.exp),
  log: (a) => a.map(Math.log),
  // Both branches call exp only with non-positive numbers, so exp cannot overflow.
  sigmoid: (a) => a.map((x) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)))),
  stopGradient: (a) => a,
  sum: (a) => {
    let total = 0;
    for (const x of a) total += x;
    return Float64Array.of(total);
  },
  segmentSum: (values, { ids, count }) => {
    checkSameLength("segmentSum", { values, ids });
    const sums = new Float64Array(count);
    for (let i = 0; i < values.length; i++) sums[ids[i]!]! += values[i]!;
    return sums;
  },
  segmentGather: (values, { ids }) => Float64Array.from(ids, (id) => values[id]!),
};
