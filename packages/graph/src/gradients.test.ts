import { describe, expect, it } from "vitest";
import { gradients, interpret, trace, type Tensor, type Tracer } from "./index.ts";

/** Gradient of a loss at the given entries. */
function gradientAt(values: readonly number[], loss: (g: Tracer, x: Tensor) => Tensor): number[] {
  const program = trace((g) => {
    const x = g.input("x", "float32", ["n"]);
    return { dx: gradients(g, loss(g, x), [x])[0]! };
  });
  const feeds = { x: { data: Float64Array.from(values), shape: [values.length] } };
  return [...interpret(program, feeds).dx.data];
}

describe("gradients", () => {
  it("are summed over all uses of a tensor", () => {
    // d/dx (x^2 + 3 x) = 2 x + 3
    expect(
      gradientAt([1, 2], (g, x) => g.reduceSum(g.add(g.multiply(x, x), g.multiply(x, 3)))),
    ).toEqual([5, 7]);
  });

  it("are zero if the loss does not depend on a tensor", () => {
    expect(gradientAt([1, 2], (g) => g.constant(3))).toEqual([0, 0]);
    expect(gradientAt([1, 2], (g, x) => g.reduceSum(g.stopGradient(x)))).toEqual([0, 0]);
    expect(gradientAt([1, 2], (g, x) => g.reduceSum(g.cast(g.greater(x, 1), "float32")))).toEqual([
      0, 0,
    ]);
  });

  it("treat a stopped factor as a constant", () => {
    expect(gradientAt([1, 2], (g, x) => g.reduceSum(g.multiply(x, g.stopGradient(x))))).toEqual([
      1, 2,
    ]);
  });

  it("go to the first of two at a tie", () => {
    expect(gradientAt([1, 2, 3], (g, x) => g.reduceSum(g.minimum(x, 2)))).toEqual([1, 1, 0]);
    expect(gradientAt([1, 2, 3], (g, x) => g.reduceSum(g.maximum(x, 2)))).toEqual([0, 1, 1]);
    expect(gradientAt([1, 2, 3], (g, x) => g.reduceSum(g.minimum(2, x)))).toEqual([1, 0, 0]);
  });

  it("are shared by entries that tie for the maximum", () => {
    expect(gradientAt([1, 4, 4], (g, x) => g.reduceMax(x))).toEqual([0, 0.5, 0.5]);
  });

  it("do not reach the branch that was not taken, whatever its value", () => {
    expect(
      gradientAt([NaN, 2], (g, x) => {
        const isFirst = g.equal(g.iota("n"), 0);
        return g.reduceSum(g.where(isFirst, 0, g.multiply(x, 3)));
      }),
    ).toEqual([0, 3]);
  });

  it("sum rows that were gathered more than once, as for tied embeddings", () => {
    const program = trace((g) => {
      const table = g.input("table", "float32", ["rows", 2]);
      const ids = g.constant([0, 2, 0], { shape: [3], dtype: "int32" });
      const x = g.gather(table, ids);
      const logits = g.linear(x, table);
      return { d: gradients(g, g.reduceSum(logits), [table])[0]! };
    });
    // logits[i][v] = table[ids[i]] . table[v], so the gradient is (sum of rows) at each id + (sum
    // of gathered rows)
    const feeds = { table: { data: Float64Array.of(1, 2, 3, 4, 5, 6), shape: [3, 2] } };
    expect([...interpret(program, feeds).d.data]).toEqual([
      2 * 9 + 7,
      2 * 12 + 10,
      7,
      10,
      9 + 7,
      12 + 10,
    ]);
  });

  it("can be differentiated again", () => {
    // d^2/dx^2 sum(x^3) = 6 x
    expect(
      gradientAt([1, 2], (g, x) => {
        const [dx] = gradients(g, g.reduceSum(g.multiply(x, g.multiply(x, x))), [x]);
        return g.reduceSum(dx!);
      }),
    ).toEqual([6, 12]);
  });

  it("follow a hand-written derivative", () => {
    expect(
      gradientAt([1, 2], (g, x) => {
        const [y] = g.withGradient([g.exp(x)], [x], ([c]) => [g.multiply(c!, 10)]);
        return g.reduceSum(y!);
      }),
    ).toEqual([10, 10]);
  });

  it("can be taken with respect to intermediate tensors", () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n"]);
      const y = g.multiply(x, 2);
      const [dy, dx] = gradients(g, g.reduceSum(g.multiply(y, y)), [y, x]);
      return { dy: dy!, dx: dx! };
    });
    const feeds = { x: { data: Float64Array.of(3), shape: [1] } };
    expect([...interpret(program, feeds).dy.data]).toEqual([12]);
    expect([...interpret(program, feeds).dx.data]).toEqual([24]);
  });

  it("require a scalar loss of this tracer", () => {
    trace((g) => {
      const x = g.input("x", "float32", ["n"]);
      expect(() => gradients(g, x, [x])).toThrow(
        "gradients: loss must be a float32 scalar, got float32 [n]",
      );
      return { x };
    });
  });
});
