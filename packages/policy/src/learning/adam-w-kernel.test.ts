import { adamW, type AdamWState } from "@turnwise/graph";
import { createRandom } from "@turnwise/core";
import { expect, test } from "vitest";
import { AdamWKernel } from "./adam-w-kernel.ts";

const options = { learningRate: 3e-4, weightDecay: 0.01, gradientScale: 0.7 };

/** Parameters and gradients around 0, with magnitudes from 1 down to the underflow of float32. */
function startingState(length: number, seed: string): AdamWState {
  const random = createRandom(seed);
  const draw = (): number => (random.next() - 0.5) * 10 ** -random.integer(8);
  return {
    parameter: Float32Array.from({ length }, draw),
    gradient: Float32Array.from({ length }, draw),
    firstMoment: new Float32Array(length),
    secondMoment: new Float32Array(length),
  };
}

test("equals adamW up to float32 rounding, for any length", () => {
  const kernel = new AdamWKernel();
  for (const length of [1, 3, 4, 8191, 8192, 8193, 20001]) {
    const expected = startingState(length, `length ${length}`);
    for (let step = 1; step <= 5; step++) {
      const found = structuredClone(expected);
      kernel.run(found, { ...options, step });
      adamW(expected, { ...options, step });
      // Largest error, in float32 units of the summands, because terms may cancel.
      let worst = 0;
      for (const name of ["parameter", "firstMoment", "secondMoment"] as const) {
        expected[name].forEach((value, i) => {
          const gradient = Math.abs(expected.gradient[i]!);
          const added = { parameter: 3e-4, firstMoment: gradient, secondMoment: gradient ** 2 };
          const unit = 2 ** -23 * Math.max(Math.abs(value), added[name]);
          worst = Math.max(worst, Math.abs(found[name][i]! - value) / unit);
        });
      }
      // A step is a chain of about eight roundings of at most half a unit each.
      expect(worst).toBeLessThan(4);
      expect(found.gradient).toEqual(expected.gradient);
    }
  }
});

test("gives an entry the same bits at any position", () => {
  const kernel = new AdamWKernel();
  const whole = startingState(9000, "whole");
  const part = (start: number, end: number): AdamWState => ({
    parameter: whole.parameter.slice(start, end),
    gradient: whole.gradient.slice(start, end),
    firstMoment: whole.firstMoment.slice(start, end),
    secondMoment: whole.secondMoment.slice(start, end),
  });
  const tail = part(8187, 8200);
  kernel.run(whole, { ...options, step: 1 });
  kernel.run(tail, { ...options, step: 1 });
  expect(tail).toEqual(part(8187, 8200));
});

test("changes nothing for a gradient of 0 except the decay by learningRate * weightDecay", () => {
  const kernel = new AdamWKernel();
  const state = { ...startingState(5, "zero"), gradient: new Float32Array(5) };
  const before = state.parameter.slice();
  kernel.run(state, { step: 1, learningRate: 0.1 });
  expect(state.parameter).toEqual(before);
  kernel.run(state, { step: 2, learningRate: 0.1, weightDecay: 0.5 });
  state.parameter.forEach((value, i) => expect(value / before[i]!).toBeCloseTo(0.95, 6));
});

test("refuses the same options as adamW", () => {
  const state = startingState(2, "refused");
  expect(() => new AdamWKernel().run(state, { step: 0, learningRate: 0.1 })).toThrow(
    "adamW: step must be a whole number >= 1, got 0",
  );
});
