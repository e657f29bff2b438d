import { describe, expect, it } from "vitest";
import { gradients, interpret, recompute, trace, type Program, type Tensor } from "./index.ts";

const build = (isRecomputed: boolean): Program =>
  trace((g) => {
    const x = g.input("x", "float32", ["n", 3]);
    const weights = ["w0", "w1"].map((name) => g.input(name, "float32", [3, 3]));
    const [shared, second] = [weights[0]!, g.multiply(weights[1]!, weights[0]!)];
    // The second layer uses a weight, and a tensor computed from a weight.
    const layers = [
      (y: Tensor): Tensor => g.tanh(g.linear(y, shared)),
      (y: Tensor): Tensor => g.add(y, g.silu(g.linear(g.linear(y, second), shared))),
    ];
    const last = layers.reduce((y, layer) => (isRecomputed ? recompute(g, y, layer) : layer(y)), x);
    const loss = g.reduceSum(g.multiply(last, last));
    const [dx, d0, d1] = gradients(g, loss, [x, ...weights]);
    return { loss, dx: dx!, d0: d0!, d1: d1! };
  });

describe("recompute", () => {
  it("changes no value and no gradient", () => {
    const numbers = (count: number, phase: number): Float64Array =>
      Float64Array.from({ length: count }, (_, i) => Math.sin(i + phase));
    const feeds = {
      x: { data: numbers(6, 0), shape: [2, 3] },
      w0: { data: numbers(9, 1), shape: [3, 3] },
      w1: { data: numbers(9, 2), shape: [3, 3] },
    };
    const expected = interpret(build(false), feeds);
    const found = interpret(build(true), feeds);
    for (const name of ["loss", "dx", "d0", "d1"]) {
      expected[name]!.data.forEach((value, i) =>
        expect(found[name]!.data[i]).toBeCloseTo(value, 12),
      );
    }
  });

  it("computes the inside of each part a second time", () => {
    const count = (program: Program, kind: string): number =>
      program.operations.filter((operation) => operation.kind === kind).length;
    expect(count(build(false), "tanh")).toBe(1);
    expect(count(build(true), "tanh")).toBe(2);
    expect(count(build(true), "linear")).toBe(count(build(false), "linear") + 3);
  });
});
