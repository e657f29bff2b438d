import {
  attention,
  causalBias,
  gradients,
  logProbAndEntropy,
  multiplyDimensions,
  swiglu,
  trace,
  evaluateDimension,
  type Feed,
  type Program,
  type Shape,
  type Tensor,
  type Tracer,
} from "../index.ts";

/** Test case of an operation: the function that traces it, and its inputs. */
export interface OperationCase {
  readonly name: string;
  /** Shapes of the float32 inputs, with named sizes. */
  readonly inputs: Readonly<Record<string, Shape>>;
  /** Constant id inputs. */
  readonly ids?: Readonly<Record<string, { readonly shape: Shape; readonly values: number[] }>>;
  readonly build: (g: Tracer, x: Readonly<Record<string, Tensor>>) => Tensor;
  /** Maps entries into the domain where the operation is smooth. */
  readonly domain?: (entry: number) => number;
}

const positive = (x: number): number => Math.abs(x) + 0.3;
const awayFromZero = (x: number): number => (x < 0 ? x - 0.3 : x + 0.3);

/** Test cases that cover every differentiable operation and composite. */
export const operationCases: readonly OperationCase[] = [
  { name: "add", inputs: { a: ["n", 3], b: [3] }, build: (g, { a, b }) => g.add(a!, b!) },
  {
    name: "add, both repeated",
    inputs: { a: ["n", 1, 2], b: [3, 1] },
    build: (g, { a, b }) => g.add(a!, b!),
  },
  {
    name: "subtract",
    inputs: { a: [1, 3], b: ["n", 3] },
    build: (g, { a, b }) => g.subtract(a!, b!),
  },
  {
    name: "multiply",
    inputs: { a: ["n", 3], b: ["n", 1] },
    build: (g, { a, b }) => g.multiply(a!, b!),
  },
  { name: "square", inputs: { a: ["n"] }, build: (g, { a }) => g.multiply(a!, a!) },
  {
    name: "divide",
    inputs: { a: ["n", 2], b: ["n", 1] },
    build: (g, { a, b }) => g.divide(a!, b!),
    domain: awayFromZero,
  },
  {
    name: "minimum",
    inputs: { a: ["n", 3], b: [3] },
    build: (g, { a, b }) => g.minimum(a!, g.add(b!, 0.017)),
  },
  {
    name: "maximum",
    inputs: { a: ["n", 3], b: [] },
    build: (g, { a, b }) => g.maximum(a!, g.add(b!, 0.017)),
  },
  {
    name: "where",
    inputs: { a: ["n", 3], b: [3] },
    build: (g, { a, b }) => g.where(g.greater(g.stopGradient(a!), 0.0013), a!, b!),
  },
  { name: "negate", inputs: { a: ["n"] }, build: (g, { a }) => g.negate(a!) },
  { name: "exp", inputs: { a: ["n"] }, build: (g, { a }) => g.exp(a!) },
  { name: "log", inputs: { a: ["n"] }, build: (g, { a }) => g.log(a!), domain: positive },
  { name: "sqrt", inputs: { a: ["n"] }, build: (g, { a }) => g.sqrt(a!), domain: positive },
  {
    name: "reciprocal",
    inputs: { a: ["n"] },
    build: (g, { a }) => g.reciprocal(a!),
    domain: awayFromZero,
  },
  {
    name: "barrier",
    inputs: { a: ["n"], b: ["n", 2], c: [3] },
    build: (g, { a, b, c }) => g.barrier(a!, [b!, g.reduceSum(c!)]),
  },
  { name: "sigmoid", inputs: { a: ["n"] }, build: (g, { a }) => g.sigmoid(a!) },
  { name: "tanh", inputs: { a: ["n"] }, build: (g, { a }) => g.tanh(a!) },
  { name: "silu", inputs: { a: ["n"] }, build: (g, { a }) => g.silu(a!) },
  {
    name: "swiglu",
    inputs: { a: ["n", 2], b: ["n", 2] },
    build: (g, { a, b }) => swiglu(g, a!, b!),
  },
  {
    name: "reduceSum",
    inputs: { a: ["n", 3, 2] },
    build: (g, { a }) => g.reduceSum(a!, { axes: [0, -1] }),
  },
  {
    name: "reduceMean",
    inputs: { a: ["n", 3, 2] },
    build: (g, { a }) => g.reduceMean(a!, { axes: [0, 1], keepDims: true }),
  },
  {
    name: "reduceMax",
    inputs: { a: [2, "n"] },
    build: (g, { a }) =>
      g.reduceMax(g.add(a!, g.multiply(g.cast(g.iota("n"), "float32"), 0.01)), { axes: [1] }),
  },
  ...[false, true].flatMap((transposeA) =>
    [false, true].map((transposeB): OperationCase => ({
      name: `matmul ${transposeA ? "a^T" : "a"} ${transposeB ? "b^T" : "b"}`,
      inputs: { a: transposeA ? ["n", 4, 3] : ["n", 3, 4], b: transposeB ? [1, 2, 4] : [1, 4, 2] },
      build: (g, { a, b }) => g.matmul(a!, b!, { transposeA, transposeB, scale: 0.7 }),
    })),
  ),
  {
    name: "linear",
    inputs: { x: ["n", 2, 4], weight: [3, 4], bias: [3] },
    build: (g, { x, weight, bias }) => g.linear(x!, weight!, bias),
  },
  {
    name: "linear without a bias",
    inputs: { x: ["n", 4], weight: [3, 4] },
    build: (g, { x, weight }) => g.linear(x!, weight!),
  },
  { name: "reshape", inputs: { a: ["n", 6] }, build: (g, { a }) => g.reshape(a!, ["3*n", 2]) },
  {
    name: "transpose",
    inputs: { a: ["n", 2, 3] },
    build: (g, { a }) => g.transpose(a!, [2, 0, 1]),
  },
  { name: "slice", inputs: { a: [2, "n"] }, build: (g, { a }) => g.slice(a!, 1, 1) },
  {
    name: "slice in the middle",
    inputs: { a: ["n", 5] },
    build: (g, { a }) => g.slice(a!, 1, 1, 3),
  },
  {
    name: "concat",
    inputs: { a: ["n", 2], b: ["n", 3] },
    build: (g, { a, b }) => g.concat([a!, b!, a!], 1),
  },
  {
    name: "split",
    inputs: { a: ["n", 2] },
    build: (g, { a }) =>
      g.concat(
        g
          .split(a!, 0, 3)
          .toReversed()
          .map((x, i) => g.multiply(x, i + 1)),
        0,
      ),
  },
  { name: "expand", inputs: { a: [1, 3] }, build: (g, { a }) => g.expand(a!, [2, 4, 3]) },
  {
    name: "gather",
    inputs: { table: ["n", 2] },
    ids: { ids: { shape: [2, 3], values: [0, 1, 0, 1, 1, 0] } },
    build: (g, { table, ids }) => g.gather(table!, ids!),
  },
  {
    name: "scatterAdd",
    inputs: { updates: [4, 2] },
    ids: { ids: { shape: [4], values: [0, 2, 2, 2] } },
    build: (g, { updates, ids }) => g.scatterAdd(updates!, ids!, 3),
  },
  {
    name: "replaceRows",
    inputs: { table: ["n", 2], updates: [1, 2] },
    ids: { ids: { shape: [1], values: [1] } },
    build: (g, { table, updates, ids }) => g.replaceRows(table!, updates!, ids!),
  },
  {
    name: "replaceRows of a table of tables",
    inputs: { table: [4, "n", 2], updates: [1, 2, "n", 2] },
    ids: { ids: { shape: [1, 2], values: [2, 1] } },
    build: (g, { table, updates, ids }) => g.replaceRows(table!, updates!, ids!),
  },
  {
    name: "takeAlong",
    inputs: { a: [2, 3] },
    ids: { ids: { shape: [2, 2], values: [0, 2, 1, 1] } },
    build: (g, { a, ids }) => g.takeAlong(a!, ids!),
  },
  {
    name: "scatterAddAlong",
    inputs: { a: [2, 2] },
    ids: { ids: { shape: [2, 2], values: [0, 2, 1, 1] } },
    build: (g, { a, ids }) => g.scatterAddAlong(a!, ids!, 3),
  },
  { name: "softmax", inputs: { a: ["n", 4] }, build: (g, { a }) => g.softmax(a!) },
  { name: "logSoftmax", inputs: { a: ["n", 4] }, build: (g, { a }) => g.logSoftmax(a!) },
  {
    name: "rmsNorm",
    inputs: { x: ["n", 4], weight: [4] },
    build: (g, { x, weight }) => g.rmsNorm(x!, weight!, 0.1),
  },
  {
    name: "rmsNorm and its scale",
    inputs: { x: ["n", 4], weight: [4] },
    build: (g, { x, weight }) => {
      const [y, scale] = g.rmsNormWithScale(x!, weight!, 0.1);
      return g.multiply(y, g.multiply(scale, scale));
    },
  },
  // The second case has more tokens than positions, like a row that packs many sequences.
  ...[
    [2, 0, 1],
    [2, 0, 1, 2, 1],
  ].map((values): OperationCase => ({
    name: `rope of ${values.length} tokens`,
    inputs: { x: [1, values.length, 2, 4] },
    ids: { positions: { shape: [1, values.length], values } },
    build: (g, { x, positions }) => {
      const angles = [0, 0, 0.3, 0.7, 1.1, 1.9];
      const table = (rule: (angle: number) => number): Tensor =>
        g.constant(angles.map(rule), { shape: [3, 2] });
      return g.rope(x!, table(Math.cos), table(Math.sin), positions!);
    },
  })),
  {
    name: "attention",
    inputs: { query: [2, "n", 4, 2], key: [2, "n", 2, 2], value: [2, "n", 2, 2] },
    build: (g, { query, key, value }) =>
      attention(
        g,
        { query: query!, key: key!, value: value! },
        { bias: causalBias(g, { time: "n" }) },
      ),
  },
  ...[1, 2, 3].map((blocks): OperationCase => ({
    name: `attention, causal in ${blocks} blocks`,
    inputs: { query: [2, "n", 4, 2], key: [2, "n", 2, 2], value: [2, "n", 2, 2] },
    build: (g, { query, key, value }) =>
      attention(g, { query: query!, key: key!, value: value! }, { causal: true, blocks }),
  })),
  {
    name: "attention, causal with a bias to differentiate",
    inputs: { query: [2, "n", 2, 2], key: [2, "n", 1, 2], value: [2, "n", 1, 2], bias: ["n", 1] },
    build: (g, { query, key, value, bias }) =>
      attention(g, { query: query!, key: key!, value: value! }, { causal: true, bias: bias! }),
  },
  {
    name: "attention with a bias to differentiate",
    inputs: { query: [2, 2, 2, 2], key: [2, "n", 1, 2], value: [2, "n", 1, 2], bias: [2, 1, "n"] },
    build: (g, { query, key, value, bias }) =>
      attention(g, { query: query!, key: key!, value: value! }, { bias: bias!, scale: 0.6 }),
  },
  {
    name: "attention with a past",
    inputs: {
      query: [1, "n", 2, 2],
      key: [1, "n", 1, 2],
      value: [1, "n", 1, 2],
      pastKey: [1, 1, 3, 2],
      pastValue: [1, 1, 3, 2],
    },
    build: (g, { query, key, value, pastKey, pastValue }) =>
      attention(
        g,
        { query: query!, key: key!, value: value! },
        { past: { key: pastKey!, value: pastValue! } },
      ),
  },
  ...[1, 2].flatMap((chunks) =>
    (["log-prob", "entropy", "both"] as const).map((of): OperationCase => ({
      name: `logProbAndEntropy in ${chunks}, ${of}`,
      inputs: { hidden: [5, 3], head: ["n", 3] },
      ids: { targets: { shape: [5], values: [0, 1, 0, 1, 1] } },
      build: (g, { hidden, head, targets }) => {
        const { logProbs, entropies } = logProbAndEntropy(
          g,
          { hidden: hidden!, head: head!, targets: targets! },
          { temperature: 0.8, chunks },
        );
        return of === "log-prob"
          ? logProbs
          : of === "entropy"
            ? entropies
            : g.multiply(logProbs, entropies);
      },
    })),
  ),
];

/** Traces a scalar that depends on every entry of a tensor with a different weight. */
export function traceWeightedSum(g: Tracer, x: Tensor): Tensor {
  const size = multiplyDimensions(...x.shape);
  const weights = g.reciprocal(g.add(g.cast(g.iota(size), "float32"), 1.5));
  return g.reduceSum(g.multiply(g.reshape(x, [size]), weights));
}

/**
 * Traces a program with the operation's result, a scalar loss computed from the result, and the
 * gradients of the loss by name.
 */
export function traceCase({ inputs, ids = {}, build }: OperationCase): Program {
  const keys = Object.keys(inputs);
  return trace((g) => {
    const x: Record<string, Tensor> = {};
    for (const key of keys) x[key] = g.input(key, "float32", inputs[key]!);
    for (const [key, { shape }] of Object.entries(ids)) x[key] = g.input(key, "int32", shape);
    const result = build(g, x);
    const loss = traceWeightedSum(g, result);
    const found = gradients(
      g,
      loss,
      keys.map((key) => x[key]!),
    );
    return { result, loss, ...Object.fromEntries(keys.map((key, i) => [key, found[i]!])) };
  });
}

/** Maximum number of list entries that {@link feedCase} uses. */
export const maxCaseEntries = 100;

/** Creates the feeds of a case for a given `n`, with entries taken from a list in turn. */
export function feedCase(
  { inputs, ids = {}, domain = (x) => x }: OperationCase,
  n: number,
  entries: readonly number[],
): Record<string, Feed> {
  const numbers = (shape: Shape): number[] =>
    shape.map((size) => evaluateDimension(size, new Map([["n", n]])));
  const feeds: Record<string, Feed> = {};
  let used = 0;
  for (const [key, sizes] of Object.entries(inputs)) {
    const shape = numbers(sizes);
    const length = shape.reduce((product, size) => product * size, 1);
    const data = Float32Array.from(entries.slice(used, used + length), domain);
    feeds[key] = { data, shape };
    used += length;
  }
  for (const [key, { shape, values }] of Object.entries(ids)) {
    feeds[key] = { data: Int32Array.from(values), shape: numbers(shape) };
  }
  return feeds;
}
