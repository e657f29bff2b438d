import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { adamW, type AdamWState } from "./adam-w.ts";

function state(parameter: readonly number[], gradient: readonly number[]): AdamWState {
  return {
    parameter: Float32Array.from(parameter),
    gradient: Float32Array.from(gradient),
    firstMoment: new Float32Array(parameter.length),
    secondMoment: new Float32Array(parameter.length),
  };
}

describe("adamW", () => {
  it("first moves by the learning rate against the sign of the gradient", () => {
    const s = state([1, 1, 1], [0.5, -2, 0]);
    adamW(s, { step: 1, learningRate: 0.1, epsilon: 0 });
    expect(s.parameter[0]).toBeCloseTo(0.9, 6);
    expect(s.parameter[1]).toBeCloseTo(1.1, 6);
    // Without epsilon, 0 / 0 gives NaN, as in PyTorch.
    expect(s.parameter[2]).toBeNaN();
  });

  it("makes two steps as worked by hand", () => {
    const s = state([1], [2]);
    const options = { learningRate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 1, weightDecay: 0.5 };
    adamW(s, { step: 1, ...options });
    // m = 1, v = 1; m / 0.5 = 2, sqrt(v / 0.25) = 2; 1 * (1 - 0.05) - 0.1 * 2 / (2 + 1)
    expect(s.parameter[0]).toBeCloseTo(0.95 - 0.2 / 3, 6);
    s.gradient[0] = -1;
    adamW(s, { step: 2, ...options });
    // m = 0.5 - 0.5 = 0, v = 0.75 + 0.25 = 1, so only weight decay has an effect
    expect(s.firstMoment[0]).toBe(0);
    expect(s.secondMoment[0]).toBe(1);
    expect(s.parameter[0]).toBeCloseTo((0.95 - 0.2 / 3) * 0.95, 6);
  });

  it("scales the gradient like a scaled gradient", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(fc.float({ noNaN: true, min: -9, max: 9 }), fc.integer({ min: -8, max: 8 })),
        ),
        (pairs) => {
          const parameter = pairs.map(([p]) => p);
          const gradient = pairs.map(([, g]) => g);
          const scaledInside = state(parameter, gradient);
          const scaledBefore = state(
            parameter,
            gradient.map((g) => g * 0.25),
          );
          const options = { step: 3, learningRate: 0.01, weightDecay: 0.1 };
          adamW(scaledInside, { ...options, gradientScale: 0.25 });
          adamW(scaledBefore, options);
          expect(scaledInside.parameter).toEqual(scaledBefore.parameter);
        },
      ),
    );
  });

  it("does not change the gradient", () => {
    const s = state([1], [2]);
    adamW(s, { step: 1, learningRate: 0.1 });
    expect(s.gradient[0]).toBe(2);
  });

  it("reports invalid options", () => {
    const s = state([1], [2]);
    expect(() => adamW(s, { step: 0, learningRate: 0.1 })).toThrow(
      "adamW: step must be a whole number >= 1, got 0",
    );
    expect(() => adamW(s, { step: 1, learningRate: Number.NaN })).toThrow(
      "adamW: learningRate must be finite and >= 0, got NaN",
    );
    expect(() => adamW(s, { step: 1, learningRate: 1, beta2: 1 })).toThrow(
      "adamW: beta2 must be below 1, got 1",
    );
    expect(() =>
      adamW({ ...s, gradient: new Float32Array(2) }, { step: 1, learningRate: 0.1 }),
    ).toThrow("adamW: parameter and gradient must have the same length, got 1 and 2");
  });
});
