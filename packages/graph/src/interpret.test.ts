import { describe, expect, it } from "vitest";
import { interpret, trace, type Tensor, type Tracer } from "./index.ts";

/** Entries of a tensor built from constants. */
function entries(build: (g: Tracer) => Tensor): number[] {
  return [
    ...interpret(
      trace((g) => ({ y: build(g) })),
      {},
    ).y.data,
  ];
}

function list(g: Tracer, ...values: number[]): Tensor {
  return g.constant(values, { shape: [values.length] });
}

function ids(g: Tracer, ...values: number[]): Tensor {
  return g.constant(values, { shape: [values.length], dtype: "int32" });
}

function matrix(g: Tracer, rows: readonly (readonly number[])[]): Tensor {
  return g.constant(rows.flat(), { shape: [rows.length, rows[0]!.length] });
}

describe("interpret", () => {
  it("computes elementwise, with broadcasting", () => {
    const column = (g: Tracer): Tensor => matrix(g, [[1], [2]]);
    expect(entries((g) => g.add(column(g), list(g, 10, 20)))).toEqual([11, 21, 12, 22]);
    expect(entries((g) => g.subtract(column(g), list(g, 10, 20)))).toEqual([-9, -19, -8, -18]);
    expect(entries((g) => g.multiply(column(g), 3))).toEqual([3, 6]);
    expect(entries((g) => g.divide(1, column(g)))).toEqual([1, 0.5]);
    expect(entries((g) => g.divide(ids(g, 7, -7), 2))).toEqual([3, -3]);
    expect(entries((g) => g.minimum(list(g, 1, 5), 3))).toEqual([1, 3]);
    expect(entries((g) => g.maximum(list(g, 1, 5), 3))).toEqual([3, 5]);
    expect(entries((g) => g.greater(list(g, 1, 3, 5), 3))).toEqual([0, 0, 1]);
    expect(entries((g) => g.equal(ids(g, 1, 3), 3))).toEqual([0, 1]);
    expect(entries((g) => g.not(g.equal(ids(g, 1, 3), 3)))).toEqual([1, 0]);
    expect(entries((g) => g.and(g.greater(list(g, 1, 2), 0), g.greater(list(g, 1, 2), 1)))).toEqual(
      [0, 1],
    );
    expect(entries((g) => g.where(g.greater(list(g, 1, 2), 1), list(g, 3, 4), NaN))).toEqual([
      NaN,
      4,
    ]);
  });

  it("computes functions of one number", () => {
    expect(entries((g) => g.exp(list(g, 0, 1)))).toEqual([1, Math.E]);
    expect(entries((g) => g.log(list(g, 1)))).toEqual([0]);
    expect(entries((g) => g.sqrt(list(g, 9)))).toEqual([3]);
    expect(entries((g) => g.reciprocal(list(g, 4)))).toEqual([0.25]);
    expect(entries((g) => g.sigmoid(list(g, 0, 1000, -1000)))).toEqual([0.5, 1, 0]);
    expect(entries((g) => g.tanh(list(g, 0)))).toEqual([0]);
    // silu(1) = 1 / (1 + e^-1)
    expect(entries((g) => g.silu(list(g, 0, 1)))).toEqual([0, 1 / (1 + Math.exp(-1))]);
    expect(entries((g) => g.cast(list(g, 1.7, -1.7), "int32"))).toEqual([1, -1]);
    expect(entries((g) => g.cast(list(g, 0.5, 0), "bool"))).toEqual([1, 0]);
  });

  it("reduces over axes", () => {
    const x = (g: Tracer): Tensor =>
      matrix(g, [
        [1, 2, 3],
        [4, 5, 6],
      ]);
    expect(entries((g) => g.reduceSum(x(g)))).toEqual([21]);
    expect(entries((g) => g.reduceSum(x(g), { axes: [0] }))).toEqual([5, 7, 9]);
    expect(entries((g) => g.reduceMean(x(g), { axes: [-1] }))).toEqual([2, 5]);
    expect(entries((g) => g.reduceMax(x(g), { axes: [1], keepDims: true }))).toEqual([3, 6]);
  });

  it("multiplies matrices", () => {
    const a = (g: Tracer): Tensor =>
      matrix(g, [
        [1, 2],
        [3, 4],
      ]);
    const b = (g: Tracer): Tensor =>
      matrix(g, [
        [5, 6],
        [7, 8],
      ]);
    // [1*5 + 2*7, 1*6 + 2*8], [3*5 + 4*7, 3*6 + 4*8]
    expect(entries((g) => g.matmul(a(g), b(g)))).toEqual([19, 22, 43, 50]);
    expect(entries((g) => g.matmul(a(g), b(g), { transposeA: true }))).toEqual([26, 30, 38, 44]);
    expect(entries((g) => g.matmul(a(g), b(g), { transposeB: true, scale: 2 }))).toEqual([
      34, 46, 78, 106,
    ]);
    expect(entries((g) => g.linear(a(g), b(g), list(g, 1, 2)))).toEqual([18, 25, 40, 55]);
    expect(entries((g) => g.linear(list(g, 1, 2), b(g)))).toEqual([17, 23]);
  });

  it("moves entries", () => {
    const x = (g: Tracer): Tensor =>
      matrix(g, [
        [1, 2, 3],
        [4, 5, 6],
      ]);
    expect(entries((g) => g.transpose(x(g), [1, 0]))).toEqual([1, 4, 2, 5, 3, 6]);
    expect(entries((g) => g.slice(x(g), 1, 1))).toEqual([2, 3, 5, 6]);
    expect(entries((g) => g.concat([x(g), x(g)], 1))).toEqual([1, 2, 3, 1, 2, 3, 4, 5, 6, 4, 5, 6]);
    expect(entries((g) => g.expand(list(g, 1, 2), [2, 2]))).toEqual([1, 2, 1, 2]);
    expect(entries((g) => g.gather(x(g), ids(g, 1, 1, 0)))).toEqual([4, 5, 6, 4, 5, 6, 1, 2, 3]);
    expect(entries((g) => g.scatterAdd(x(g), ids(g, 1, 1), 3))).toEqual([
      0, 0, 0, 5, 7, 9, 0, 0, 0,
    ]);
    expect(entries((g) => g.replaceRows(x(g), matrix(g, [[7, 8, 9]]), ids(g, 1)))).toEqual([
      1, 2, 3, 7, 8, 9,
    ]);
    const along = (g: Tracer): Tensor => g.reshape(ids(g, 2, 2, 0, 1), [2, 2]);
    expect(entries((g) => g.takeAlong(x(g), along(g)))).toEqual([3, 3, 4, 5]);
    const updates = (g: Tracer): Tensor =>
      matrix(g, [
        [1, 2],
        [3, 4],
      ]);
    expect(entries((g) => g.scatterAddAlong(updates(g), along(g), 3))).toEqual([0, 0, 3, 3, 4, 0]);
    expect(entries((g) => g.cast(g.iota(3), "float32"))).toEqual([0, 1, 2]);
  });

  it("computes softmax without overflow", () => {
    const [a, b] = entries((g) => g.softmax(list(g, 1000, 1000 + Math.log(3))));
    expect(a).toBeCloseTo(0.25, 12);
    expect(b).toBeCloseTo(0.75, 12);
    expect(entries((g) => g.logSoftmax(list(g, -1000, -1000)))).toEqual([
      -Math.log(2),
      -Math.log(2),
    ]);
  });

  it("normalizes by the root of the mean square", () => {
    // mean square of [3, 4, 0, 0] is 25 / 4, its root 2.5
    const x = (g: Tracer): Tensor => matrix(g, [[3, 4, 0, 0]]);
    const [a, b, c] = entries((g) => g.rmsNorm(x(g), list(g, 1, 2, 1, 1), 0));
    expect(a).toBeCloseTo(1.2, 14);
    expect(b).toBeCloseTo(3.2, 14);
    expect(c).toBe(0);
    expect(entries((g) => g.rmsNormWithScale(x(g), list(g, 1, 1, 1, 1), 0)[1])).toEqual([0.4]);
  });

  it("rotates the two halves of a head against each other", () => {
    // Rotation by a right angle at position 1: (x1, x2) becomes (-x2, x1).
    const turned = entries((g) => {
      const x = g.constant([1, 2, 3, 4, 1, 2, 3, 4], { shape: [1, 2, 1, 4] });
      const cos = matrix(g, [
        [1, 1],
        [0, 0],
      ]);
      const sin = matrix(g, [
        [0, 0],
        [1, 1],
      ]);
      return g.rope(x, cos, sin, g.reshape(ids(g, 0, 1), [1, 2]));
    });
    expect(turned).toEqual([1, 2, 3, 4, -3, -4, 1, 2]);
  });

  it("reads named sizes from the feeds", () => {
    const program = trace((g) => {
      g.input("x", "float32", ["n", "m"]);
      return { size: g.size("n*m + 1", "float32"), rows: g.iota("n") };
    });
    const feeds = { x: { data: new Float32Array(6), shape: [2, 3] } };
    expect([...interpret(program, feeds).size.data]).toEqual([7]);
    expect([...interpret(program, feeds).rows.data]).toEqual([0, 1]);
  });

  it("names the feed that does not fit, the expected and the given value", () => {
    const program = trace((g) => ({
      y: g.matmul(g.input("a", "float32", ["n", 2]), g.input("b", "float32", [2, "n"])),
      z: g.input("ids", "int32", ["n"]),
    }));
    const a = { data: new Float32Array(6), shape: [3, 2] };
    const b = { data: new Float32Array(6), shape: [2, 3] };
    const ids = { data: new Int32Array(3), shape: [3] };
    const wide = { data: new Float32Array(8), shape: [2, 4] };
    expect(() => interpret(program, { a, b })).toThrow(
      "interpret: feed ids must be given, got none",
    );
    expect(() => interpret(program, { a, b, ids, c: a })).toThrow(
      "interpret: feeds must name inputs of the program (a, b, ids), got c",
    );
    expect(() => interpret(program, { a, b, ids: { ...ids, data: new Float32Array(3) } })).toThrow(
      "interpret: feed ids must hold int32 entries, got a Float32Array",
    );
    expect(() => interpret(program, { a: b, b, ids })).toThrow(
      "interpret: feed a must have shape [n, 2], got [2, 3]",
    );
    expect(() => interpret(program, { a: { ...a, data: new Float32Array(5) }, b, ids })).toThrow(
      "interpret: feed a must hold 6 entries for shape [3, 2], got 5",
    );
    expect(() => interpret(program, { a, b: wide, ids })).toThrow(
      "interpret: size n must be the same in all feeds, got 3 from a and 4 from b",
    );
    const doubled = trace((g) => ({
      y: g.input("x", "float32", ["n"]),
      z: g.input("twice", "float32", ["2*n"]),
    }));
    const x = { data: new Float32Array(2), shape: [2] };
    expect(() => interpret(doubled, { x, twice: x })).toThrow(
      "interpret: feed twice must have shape [2*n] = [4], got [2]",
    );
  });

  it("refuses an id outside its table", () => {
    expect(() => entries((g) => g.gather(list(g, 1, 2), ids(g, 2)))).toThrow(
      "gather: id must be a whole number in [0, 1], got 2",
    );
  });
});
