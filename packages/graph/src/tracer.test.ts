import { describe, expect, it } from "vitest";
import { trace, Tracer, type Program } from "./index.ts";

function kinds(program: Program): string[] {
  return program.operations.map(({ kind }) => kind);
}

describe("trace", () => {
  it("keeps only what the outputs need", () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n"]);
      g.exp(x);
      return { y: g.negate(x) };
    });
    expect(kinds(program)).toEqual(["input", "negate"]);
  });

  it("records equal operations once", () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n"]);
      return { y: g.add(g.exp(x), g.multiply(g.exp(x), 2)), z: g.multiply(g.exp(x), 2) };
    });
    expect(kinds(program)).toEqual(["input", "exp", "constant", "multiply", "add"]);
  });

  it("distinguishes constants that are equal in JSON", () => {
    const g = new Tracer();
    expect(g.constant(Infinity)).not.toBe(g.constant(-Infinity));
    expect(g.constant(-0)).not.toBe(g.constant(0));
    expect(g.constant(1)).toBe(g.constant(1));
    expect(g.constant(1, { dtype: "int32" })).not.toBe(g.constant(1));
  });

  it("drops operations that only differentiation reads", () => {
    const program = trace((g) => {
      const x = g.input("x", "float32", ["n"]);
      const [y] = g.withGradient([g.exp(g.stopGradient(x))], [x], ([c]) => [c]);
      return { y: y!, x: g.stopGradient(x) };
    });
    expect(kinds(program)).toEqual(["input", "exp"]);
    expect(program.outputs.x).toBe(program.inputs["x"]);
  });

  it("survives a structured clone", () => {
    const program = trace((g) => ({ y: g.reduceMean(g.input("x", "float32", ["n", 2])) }));
    expect(structuredClone(program)).toEqual(program);
  });

  it("returns shapes in canonical spelling", () => {
    const g = new Tracer();
    const x = g.input("x", "float32", ["time", 4, "batch"]);
    expect(g.reshape(x, ["time*2*batch", 2]).shape).toEqual(["2*batch*time", 2]);
    expect(g.transpose(x, [2, 0, -2]).shape).toEqual(["batch", "time", 4]);
    expect(g.reduceSum(x, { axes: [-1, 0], keepDims: true }).shape).toEqual([1, 4, 1]);
    expect(g.concat([x, x], 0).shape).toEqual(["2*time", 4, "batch"]);
    expect(g.split(x, 0, 2).map(({ shape }) => shape[0])).toEqual([
      "floor(time/2)",
      "time - floor(time/2)",
    ]);
    expect(g.slice(x, 0, 1).shape[0]).toBe("time - 1");
  });

  it("records no operation that has no effect", () => {
    const g = new Tracer();
    const x = g.input("x", "float32", [2, 3]);
    expect(g.reshape(x, [2, 3])).toBe(x);
    expect(g.reshape(g.reshape(x, [6]), [2, 3])).toBe(x);
    expect(g.transpose(x, [0, 1])).toBe(x);
    expect(g.expand(x, [2, 3])).toBe(x);
    expect(g.slice(x, 1, 0, 3)).toBe(x);
    expect(g.concat([x], 0)).toBe(x);
    expect(g.cast(x, "float32")).toBe(x);
    expect(g.reduceSum(x, { axes: [] })).toBe(x);
  });

  it("reports operands that do not fit", () => {
    const g = new Tracer();
    const x = g.input("x", "float32", ["n", 3]);
    const ids = g.input("ids", "int32", ["m"]);
    const truth = g.greater(x, 0);
    const other = new Tracer().input("x", "float32", ["n", 3]);
    const thrown: readonly [() => unknown, string][] = [
      [() => g.input("x", "float32", []), "input: name must be unique, got x twice"],
      [() => g.add(x, other), "add: tensor must belong to this tracer, got id 0 of another"],
      [() => g.add(x, ids), "add: tensor must be float32, got int32"],
      [() => g.add(truth, truth), "add: tensor must be float32 or int32, got bool"],
      [() => g.exp(ids), "exp: tensor must be float32, got int32"],
      [
        () => g.add(x, g.constant([1, 2], { shape: [2] })),
        "add: shapes must broadcast, got [n, 3] and [2]",
      ],
      [
        () => g.constant([1, 2], { shape: [3] }),
        "constant: values must fill shape [3], got 2 entries",
      ],
      [
        () => g.reduceSum(x, { axes: [2] }),
        "reduceSum: axis must be a whole number in [-2, 1] for shape [n, 3], got 2",
      ],
      [() => g.matmul(x, x), "matmul: inner sizes must be equal, got 3 and n of [n, 3] and [n, 3]"],
      [() => g.matmul(ids, ids), "matmul: tensor must be float32, got int32"],
      [
        () => g.linear(x, g.constant([1, 2], { shape: [1, 2] })),
        "linear: x, weight and bias must be [..., in], [out, in] and [out], got [n, 3], [1, 2]",
      ],
      [
        () => g.reshape(x, ["n", 4]),
        "reshape: shape must hold as many entries as [n, 3], got [n, 4]",
      ],
      [
        () => g.transpose(x, [0, 0]),
        "transpose: permutation must name each axis of [n, 3] once, got [0, 0]",
      ],
      [
        () => g.slice(x, 1, 2, 4),
        "slice: start and end must be in order and within [n, 3], got 2 and 4 on axis 1",
      ],
      [() => g.concat([], 0), "concat: tensors must not be empty, got length 0"],
      [
        () => g.concat([x, g.reshape(x, [3, "n"])], 0),
        "concat: shapes must be equal except for axis 0, got [n, 3] and [3, n]",
      ],
      [
        () => g.split(x, 1, [1, 1]),
        "split: parts must add up to the size of axis 1 of [n, 3], got [1, 1]",
      ],
      [() => g.expand(x, ["n", 4]), "expand: shapes must broadcast, got [n, 3] and [n, 4]"],
      [() => g.expand(x, [3]), "expand: shape must not be smaller than [n, 3], got [3]"],
      [() => g.gather(x, x), "gather: tensor must be int32, got float32"],
      [
        () => g.scatterAdd(x, ids, 4),
        "scatterAdd: updates must begin with the axes of ids [m], got [n, 3]",
      ],
      [
        () => g.takeAlong(x, ids),
        "takeAlong: x and ids must have equal shapes except for the last axis, got [n, 3] and [m]",
      ],
      [
        () => g.rmsNorm(x, g.constant(1)),
        "rmsNorm: weight must have shape [3] for x [n, 3], got []",
      ],
      [
        () => g.rope(x, x, x, ids),
        "rope: x must be [batch, time, heads, 2*half], cos and sin [positions, half], positions [batch, time], got shapes [n, 3], [n, 3], [n, 3], [m]",
      ],
    ];
    for (const [call, text] of thrown) expect(call).toThrow(text);
  });

  it("refuses a size that no input defines", () => {
    expect(() =>
      trace((g) => ({ y: g.reshape(g.input("x", "float32", ["a*b"]), ["a", "b"]) })),
    ).toThrow("trace: size a must be an axis of an input by itself, got it only in formulas");
  });
});
