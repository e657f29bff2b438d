import { describe, expect, it } from "vitest";
import {
  attention,
  causalBias,
  clipScale,
  gradients,
  logProbAndEntropy,
  swiglu,
  trace,
  traceAdamW,
  type Tensor,
  type Tracer,
} from "./index.ts";

/** Tensors of many shapes, from which invalid combinations are built. */
interface Tensors {
  readonly scalar: Tensor;
  /** `[n]` */
  readonly v: Tensor;
  /** `[3]` */
  readonly three: Tensor;
  /** `[n, 4]` */
  readonly m: Tensor;
  /** `[5, 3]` */
  readonly w: Tensor;
  /** `[2, 6, 4, 8]` */
  readonly heads: Tensor;
  /** int32 `[n]` */
  readonly ids: Tensor;
  /** int32 `[2, 5]` */
  readonly places: Tensor;
}

/** Invalid calls of each operation, and the expected messages. */
const mistakes: Readonly<
  Record<string, readonly [wrong: (g: Tracer, x: Tensors) => unknown, message: string]>
> = {
  constant: [
    (g) => g.constant([1, 2, 3], { shape: [2, 2] }),
    "constant: values must fill shape [2, 2], got 3 entries",
  ],
  add: [(g, { m, w }) => g.add(m, w), "add: shapes must broadcast, got [n, 4] and [5, 3]"],
  subtract: [
    (g, { m, w }) => g.subtract(m, w),
    "subtract: shapes must broadcast, got [n, 4] and [5, 3]",
  ],
  multiply: [
    (g, { m, w }) => g.multiply(m, w),
    "multiply: shapes must broadcast, got [n, 4] and [5, 3]",
  ],
  divide: [(g, { m, w }) => g.divide(m, w), "divide: shapes must broadcast, got [n, 4] and [5, 3]"],
  minimum: [
    (g, { m, w }) => g.minimum(m, w),
    "minimum: shapes must broadcast, got [n, 4] and [5, 3]",
  ],
  maximum: [
    (g, { m, w }) => g.maximum(m, w),
    "maximum: shapes must broadcast, got [n, 4] and [5, 3]",
  ],
  greater: [
    (g, { m, w }) => g.greater(m, w),
    "greater: shapes must broadcast, got [n, 4] and [5, 3]",
  ],
  equal: [(g, { m, w }) => g.equal(m, w), "equal: shapes must broadcast, got [n, 4] and [5, 3]"],
  and: [
    (g, { m, w }) => g.and(g.greater(m, 0), g.greater(w, 0)),
    "and: shapes must broadcast, got [n, 4] and [5, 3]",
  ],
  where: [
    (g, { m, w }) => g.where(g.greater(m, 0), w, 0),
    "where: shapes must broadcast, got [n, 4] and [5, 3]",
  ],
  swiglu: [
    (g, { m, w }) => swiglu(g, m, w),
    "multiply: shapes must broadcast, got [n, 4] and [5, 3]",
  ],
  reduceSum: [
    (g, { m }) => g.reduceSum(m, { axes: [2] }),
    "reduceSum: axis must be a whole number in [-2, 1] for shape [n, 4], got 2",
  ],
  reduceMean: [
    (g, { m }) => g.reduceMean(m, { axes: [-3] }),
    "reduceMean: axis must be a whole number in [-2, 1] for shape [n, 4], got -3",
  ],
  reduceMax: [
    (g, { m }) => g.reduceMax(m, { axes: [0.5] }),
    "reduceMax: axis must be a whole number in [-2, 1] for shape [n, 4], got 0.5",
  ],
  matmul: [
    (g, { m, w }) => g.matmul(m, w),
    "matmul: inner sizes must be equal, got 4 and 5 of [n, 4] and [5, 3]",
  ],
  "matmul, of a vector": [
    (g, { m, v }) => g.matmul(m, v),
    "matmul: shapes must have 2 axes or more, got [n]",
  ],
  "matmul, in the axes before": [
    (g, { heads }) => g.matmul(heads, g.reshape(heads, [3, 4, 8, 4])),
    "matmul: shapes must broadcast, got [2, 6] and [3, 4]",
  ],
  linear: [
    (g, { m, w }) => g.linear(m, w),
    "linear: x, weight and bias must be [..., in], [out, in] and [out], got [n, 4], [5, 3]",
  ],
  reshape: [
    (g, { m }) => g.reshape(m, ["n", 3]),
    "reshape: shape must hold as many entries as [n, 4], got [n, 3]",
  ],
  transpose: [
    (g, { m }) => g.transpose(m, [0, 0]),
    "transpose: permutation must name each axis of [n, 4] once, got [0, 0]",
  ],
  slice: [
    (g, { m }) => g.slice(m, 1, 2, 5),
    "slice: start and end must be in order and within [n, 4], got 2 and 5 on axis 1",
  ],
  concat: [
    (g, { m, w }) => g.concat([m, w], 0),
    "concat: shapes must be equal except for axis 0, got [n, 4] and [5, 3]",
  ],
  split: [
    (g, { m }) => g.split(m, 1, [1, 2]),
    "split: parts must add up to the size of axis 1 of [n, 4], got [1, 2]",
  ],
  expand: [
    (g, { m }) => g.expand(m, ["n", 1]),
    "expand: shape must not be smaller than [n, 4], got [n, 1]",
  ],
  gather: [
    (g, { scalar, ids }) => g.gather(scalar, ids),
    "gather: shape must have 1 axis or more, got []",
  ],
  scatterAdd: [
    (g, { w, ids }) => g.scatterAdd(w, ids, 7),
    "scatterAdd: updates must begin with the axes of ids [n], got [5, 3]",
  ],
  replaceRows: [
    (g, { w, m, ids }) => g.replaceRows(w, m, ids),
    "replaceRows: updates must have the axes of ids [n] and of a row of table [5, 3], got [n, 4]",
  ],
  takeAlong: [
    (g, { w, places }) => g.takeAlong(w, places),
    "takeAlong: x and ids must have equal shapes except for the last axis, got [5, 3] and [2, 5]",
  ],
  scatterAddAlong: [
    (g, { w, places }) => g.scatterAddAlong(w, places, 9),
    "scatterAddAlong: updates and ids must have equal shapes, got [5, 3] and [2, 5]",
  ],
  softmax: [
    (g, { scalar }) => g.softmax(scalar),
    "softmax: shape must have 1 axis or more, got []",
  ],
  logSoftmax: [
    (g, { scalar }) => g.logSoftmax(scalar),
    "logSoftmax: shape must have 1 axis or more, got []",
  ],
  rmsNorm: [
    (g, { m, three }) => g.rmsNorm(m, three),
    "rmsNorm: weight must have shape [4] for x [n, 4], got [3]",
  ],
  rope: [
    (g, { heads, w, places }) => g.rope(heads, w, w, places),
    "rope: x must be [batch, time, heads, 2*half], cos and sin [positions, half], positions [batch, time], got shapes [2, 6, 4, 8], [5, 3], [5, 3], [2, 5]",
  ],
  attention: [
    (g, { heads, m }) => attention(g, { query: heads, key: m, value: m }),
    "attention: query must be [batch, time, heads, size], key and value [batch, keys, keyHeads, size], bias [time, keys] or [batch, time, keys], got shapes [2, 6, 4, 8], [n, 4], [n, 4]",
  ],
  causalBias: [
    (g, { places }) => causalBias(g, { time: 6, lengths: places }),
    "causalBias: start must be a scalar or [batch], lengths must be [batch], got none and [2, 5]",
  ],
  logProbAndEntropy: [
    (g, { m, w, places }) => logProbAndEntropy(g, { hidden: m, head: w, targets: places }),
    "logProbAndEntropy: hidden must be [token, d], head [vocabulary, d], targets [token], got shapes [n, 4], [5, 3], [2, 5]",
  ],
  traceAdamW: [
    (g, { m, w, v }) =>
      traceAdamW(g, { parameter: m, gradient: w, firstMoment: m, secondMoment: m }, v),
    "traceAdamW: gradient must have the parameter's shape [n, 4], got [5, 3]",
  ],
  clipScale: [(g) => clipScale(g, [], 1), "clipScale: gradients must not be empty, got length 0"],
  gradients: [
    (g, { m }) => gradients(g, m, [m]),
    "gradients: loss must be a float32 scalar, got float32 [n, 4]",
  ],
  withGradient: [
    (g, { m, w }) => {
      const [y] = g.withGradient([g.exp(m)], [m], () => [w]);
      return gradients(g, g.reduceSum(y!), [m]);
    },
    "withGradient: gradient 0 must have the shape of its input [n, 4], got [5, 3]",
  ],
};

describe("a shape that does not fit", () => {
  for (const [operation, [wrong, message]] of Object.entries(mistakes)) {
    it(`is refused by name, with both shapes: ${operation}`, () => {
      trace((g) => {
        const scalar = g.input("scalar", "float32", []);
        const x: Tensors = {
          scalar,
          v: g.input("v", "float32", ["n"]),
          three: g.input("three", "float32", [3]),
          m: g.input("m", "float32", ["n", 4]),
          w: g.input("w", "float32", [5, 3]),
          heads: g.input("heads", "float32", [2, 6, 4, 8]),
          ids: g.input("ids", "int32", ["n"]),
          places: g.input("places", "int32", [2, 5]),
        };
        expect(() => wrong(g, x)).toThrow(new RangeError(message));
        return { scalar };
      });
    });
  }

  it("is refused if a hand-written derivative returns more gradients than there are inputs", () => {
    trace((g) => {
      const x = g.input("x", "float32", ["n"]);
      const [y] = g.withGradient([g.exp(x)], [x], () => [x, x]);
      expect(() => gradients(g, g.reduceSum(y!), [x])).toThrow(
        "withGradient: derivative must return at most 1 gradients, got 2",
      );
      return { y: y! };
    });
  });
});
