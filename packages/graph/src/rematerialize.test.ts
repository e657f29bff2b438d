import { describe, expect, it } from "vitest";
import {
  attention,
  gradients,
  interpret,
  rematerialize,
  swiglu,
  trace,
  type Feeds,
  type Program,
  type Tensor,
} from "./index.ts";

/**
 * Transformer layer and the gradient of a weighted sum; the backward pass starts at output `slope`.
 */
const step: Program = trace((g): Record<string, Tensor> => {
  const x = g.input("x", "float32", ["n", 8]);
  const slope = g.input("slope", "float32", ["n", 8]);
  const names = ["q", "k", "v", "o", "gate", "up", "down"];
  const weights = names.map((name) => g.input(name, "float32", [8, 8]));
  const [q, k, v, o, gate, up, down] = weights;
  const norm = g.input("norm", "float32", [8]);
  const heads = (y: Tensor): Tensor => g.reshape(y, [1, "n", 2, 4]);
  const normed = g.rmsNorm(x, norm);
  const attended = attention(
    g,
    {
      query: heads(g.linear(normed, q!)),
      key: heads(g.linear(normed, k!)),
      value: heads(g.linear(normed, v!)),
    },
    { causal: true, blocks: 1 },
  );
  const middle = g.add(x, g.linear(g.reshape(attended, ["n", 8]), o!));
  const inner = g.rmsNorm(middle, norm);
  const unit = swiglu(g, g.linear(inner, gate!), g.linear(inner, up!));
  const y = g.add(middle, g.linear(unit, down!));
  const turn = g.multiply(slope, 2);
  const loss = g.reduceSum(g.multiply(y, g.stopGradient(turn)));
  const found = gradients(g, loss, [x, norm, ...weights]);
  const named = ["x", "norm", ...names].map((name, i) => [`gradient/${name}`, found[i]!] as const);
  return { y, turn, ...Object.fromEntries(named) };
});

const n = 5;
const feeds: Feeds = Object.fromEntries(
  Object.entries(step.inputs).map(([name, { shape }], i) => {
    const sizes = shape.map((size) => (typeof size === "number" ? size : n));
    const count = sizes.reduce((a, b) => a * b, 1);
    const data = Float64Array.from({ length: count }, (_, at) => Math.sin(at + 10 * i));
    return [name, { data, shape: sizes }];
  }),
);

/** Kinds of the operations whose outputs the backward pass reads. */
function findKeptKinds({ operations, outputs }: Program): string[] {
  const dependent = new Set([outputs["turn"]!.id]);
  const read = new Set<number>();
  for (const { inputs, outputs: results } of operations) {
    if (!inputs.some(({ id }) => dependent.has(id))) continue;
    for (const { id } of inputs) read.add(id);
    for (const { id } of results) dependent.add(id);
  }
  // Recomputed copies must come after all results of the forward pass.
  const forward = operations.findIndex(({ outputs: results }) =>
    results.some(({ id }) => id === outputs["y"]!.id),
  );
  for (const { inputs, outputs: results } of operations.slice(forward + 1)) {
    if (results.some(({ id }) => dependent.has(id))) continue;
    for (const { id } of inputs) read.add(id);
  }
  return operations
    .slice(0, forward + 1)
    .filter(
      ({ inputs, outputs: results }) => inputs.length > 0 && results.some(({ id }) => read.has(id)),
    )
    .map(({ kind }) => kind);
}

describe("rematerialize", () => {
  const less: Program = rematerialize<string>(step, ["turn"]);

  it("computes bit-identical numbers", () => {
    const [expected, found] = [interpret(step, feeds), interpret(less, feeds)];
    for (const name of Object.keys(step.outputs)) {
      expect(found[name]!.data).toEqual(expected[name]!.data);
    }
  });

  it("keeps projections, the output of attention, and the residual stream", () => {
    // Queries, keys and values in the layout of the products; the output of attention; the residual
    // stream; gate and up projections. Not attention weights, norms or activations of the gated
    // unit.
    const kinds = ["reshape", "transpose", "transpose", "matmul", "add", "linear", "linear"];
    expect(findKeptKinds(less)).toEqual(kinds);
    expect(findKeptKinds(step)).toEqual(expect.arrayContaining(["softmax", "rmsNorm", "silu"]));
  });

  it("computes no product with a weight twice", () => {
    const count = (program: Program): number =>
      program.operations.filter(({ kind }) => kind === "linear").length;
    expect(count(less)).toBe(count(step));
  });

  it("orders the forward pass before the backward pass", () => {
    const dependent = new Set([less.outputs["turn"]!.id]);
    const isBehind = less.operations.map(({ inputs, outputs }) => {
      if (!inputs.some(({ id }) => dependent.has(id))) return false;
      for (const { id } of outputs) dependent.add(id);
      return true;
    });
    expect(isBehind.indexOf(true)).toBeGreaterThan(isBehind.lastIndexOf(false));
  });

  it("refuses an output gradient that is not an output", () => {
    expect(() => rematerialize(step, ["missing"])).toThrow(
      new RangeError("rematerialize: outputGradients must name outputs, got missing"),
    );
  });
});
