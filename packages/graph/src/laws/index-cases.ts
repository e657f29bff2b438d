import { trace, type Feeds, type Program, type Tensor, type Tracer } from "../index.ts";

/** Test case of an operation on integers or booleans. */
export interface IndexCase {
  readonly name: string;
  /**
   * Traces the operation from inputs int32 `[n, 3]`, int32 `[3]` without zeros, float32 `[n, 3]`
   * and bool `[n, 3]`.
   */
  readonly build: (
    g: Tracer,
    x: { readonly a: Tensor; readonly b: Tensor; readonly x: Tensor; readonly flags: Tensor },
  ) => Tensor;
}

const arithmetic = ["add", "subtract", "multiply", "divide", "minimum", "maximum"] as const;

/** Test cases of all operations on integers or booleans; they have no gradients. */
export const indexCases: readonly IndexCase[] = [
  ...arithmetic.map((kind): IndexCase => ({
    name: `${kind}, int32`,
    build: (g, { a, b }) => g[kind](a, b),
  })),
  { name: "divide, int32 towards 0", build: (g, { a }) => g.divide(g.multiply(a, -1), 4) },
  { name: "greater, int32", build: (g, { a, b }) => g.greater(a, b) },
  { name: "equal, int32", build: (g, { a, b }) => g.equal(a, b) },
  { name: "greater, float32", build: (g, { x }) => g.greater(x, 0.1) },
  { name: "equal, float32", build: (g, { x }) => g.equal(x, g.maximum(x, 0)) },
  { name: "and", build: (g, { x, flags }) => g.and(flags, g.greater(x, 0)) },
  { name: "not", build: (g, { flags }) => g.not(flags) },
  { name: "where, int32", build: (g, { a, b, flags }) => g.where(flags, a, b) },
  { name: "cast int32 to float32", build: (g, { a }) => g.cast(a, "float32") },
  { name: "cast float32 to int32", build: (g, { x }) => g.cast(g.multiply(x, 3), "int32") },
  { name: "cast int32 to bool", build: (g, { a }) => g.cast(a, "bool") },
  { name: "cast float32 to bool", build: (g, { x }) => g.cast(g.maximum(x, 0), "bool") },
  { name: "cast bool to int32", build: (g, { flags }) => g.cast(flags, "int32") },
  {
    name: "iota and size",
    build: (g) => g.multiply(g.iota("2*n + 1"), g.size("n*n")),
  },
  ...(["a", "flags"] as const).flatMap((of): IndexCase[] => {
    const type = of === "a" ? "int32" : "bool";
    return [
      { name: `reshape, ${type}`, build: (g, x) => g.reshape(x[of], [3, "n"]) },
      { name: `transpose, ${type}`, build: (g, x) => g.transpose(x[of], [1, 0]) },
      { name: `slice, ${type}`, build: (g, x) => g.slice(x[of], 1, 1) },
      { name: `slice in the middle, ${type}`, build: (g, x) => g.slice(x[of], 0, 1, "n - 1") },
      { name: `concat, ${type}`, build: (g, x) => g.concat([x[of], x[of]], 0) },
      {
        name: `expand, ${type}`,
        build: (g, x) => g.expand(g.reshape(x[of], ["n", 1, 3]), ["n", 2, 3]),
      },
      {
        name: `gather, ${type}`,
        build: (g, x) => g.gather(x[of], g.constant([1, 0, 1], { dtype: "int32", shape: [3] })),
      },
      {
        name: `takeAlong, ${type}`,
        build: (g, x) =>
          g.takeAlong(
            g.slice(x[of], 0, 0, 2),
            g.constant([2, 0, 1, 1], { dtype: "int32", shape: [2, 2] }),
          ),
      },
    ];
  }),
];

/** Traces a program that returns the operation's result as float32. */
export function traceIndexCase({ build }: IndexCase): Program {
  return trace((g) => {
    const inputs = {
      a: g.input("a", "int32", ["n", 3]),
      b: g.input("b", "int32", [3]),
      x: g.input("x", "float32", ["n", 3]),
      flags: g.input("flags", "bool", ["n", 3]),
    };
    return { result: g.cast(build(g, inputs), "float32") };
  });
}

/** Creates the feeds of a case from `3*n` numbers in [-2, 2]. */
export function feedIndexCase(n: number, numbers: readonly number[]): Feeds {
  const x = Float32Array.from(numbers.slice(0, 3 * n));
  return {
    a: { data: Int32Array.from(x, (entry) => Math.round(3 * entry)), shape: [n, 3] },
    // Not exactly representable in float32, to detect integer arithmetic done in float32.
    b: { data: Int32Array.of(-2, 3, 16_777_217), shape: [3] },
    x: { data: x, shape: [n, 3] },
    flags: { data: Uint8Array.from(x, (entry) => Number(entry > 0.5)), shape: [n, 3] },
  };
}
