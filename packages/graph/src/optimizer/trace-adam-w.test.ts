import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import {
  adamW,
  adamWFeed,
  clipScale,
  globalNorm,
  interpret,
  trace,
  traceAdamW,
  type Program,
} from "../index.ts";

const length = 20;

function program(): Program {
  return trace((g) => {
    const input = (name: string) => g.input(name, "float32", ["n"]);
    const gradient = input("gradient");
    const state = {
      parameter: input("parameter"),
      firstMoment: input("firstMoment"),
      secondMoment: input("secondMoment"),
    };
    const { scale, norm } = clipScale(g, [gradient], 0.7);
    const coefficients = g.input("coefficients", "float32", [9]);
    return { ...traceAdamW(g, { ...state, gradient }, coefficients, scale), norm };
  });
}

describe("traceAdamW", () => {
  it("equals adamW on arrays, step by step, with the same clipping", () => {
    const random = createRandom("traceAdamW");
    const numbers = () => Float32Array.from({ length }, () => random.next() - 0.5);
    const arrays = {
      parameter: numbers(),
      firstMoment: new Float32Array(length),
      secondMoment: new Float32Array(length),
    };
    let traced: Record<string, Float64Array> = Object.fromEntries(
      Object.entries(arrays).map(([name, data]) => [name, Float64Array.from(data)]),
    );
    for (let step = 1; step <= 5; step++) {
      const gradient = numbers();
      const options = { step, learningRate: 0.01, weightDecay: 0.1, beta2: 0.99 };
      const feeds = Object.fromEntries(
        Object.entries({ ...traced, gradient }).map(([name, data]) => [
          name,
          { data, shape: [length] },
        ]),
      );
      const results = interpret(program(), { ...feeds, coefficients: adamWFeed(options) });
      const norm = globalNorm([gradient]);
      expect(results["norm"]!.data[0]).toBeCloseTo(norm, 12);
      adamW({ ...arrays, gradient }, { ...options, gradientScale: Math.min(1, 0.7 / norm) });
      traced = Object.fromEntries(Object.keys(arrays).map((name) => [name, results[name]!.data]));
      // Compare with float32 accuracy, because arrays and coefficients are float32.
      for (const [name, data] of Object.entries(arrays)) {
        data.forEach((value, i) => expect(traced[name]![i]).toBeCloseTo(value, 5));
      }
    }
  });

  it("does not change gradients below the norm", () => {
    const small = trace((g) => ({ s: clipScale(g, [g.input("x", "float32", [2])], 10).scale }));
    const x = { data: Float32Array.of(3, 4), shape: [2] };
    expect([...interpret(small, { x }).s.data]).toEqual([1]);
  });

  it("reports tensors that do not fit", () => {
    trace((g) => {
      const [a, b] = [g.input("a", "float32", [2]), g.input("b", "float32", [3])];
      const state = { parameter: a, gradient: b, firstMoment: a, secondMoment: a };
      expect(() => traceAdamW(g, state, b)).toThrow(
        "traceAdamW: gradient must have the parameter's shape [2], got [3]",
      );
      expect(() => traceAdamW(g, { ...state, gradient: a }, b)).toThrow(
        "traceAdamW: coefficients must have shape [9], got [3]",
      );
      expect(() => clipScale(g, [], 1)).toThrow("clipScale: gradients must not be empty");
      return { a };
    });
    expect(() => adamWFeed({ step: 0, learningRate: 1 })).toThrow(
      "adamW: step must be a whole number >= 1, got 0",
    );
  });
});
