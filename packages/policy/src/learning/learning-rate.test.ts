import { expect, test } from "vitest";
import { learningRateAt } from "./learning-rate.ts";

const rates = (schedule: Parameters<typeof learningRateAt>[0], steps: number): number[] =>
  Array.from({ length: steps }, (_, step) => learningRateAt(schedule, step));

test("is constant by default", () => {
  expect(rates({ peak: 0.5 }, 3)).toEqual([0.5, 0.5, 0.5]);
});

test("warms up linearly and does not start at 0", () => {
  expect(rates({ peak: 1, warmupSteps: 4 }, 6)).toEqual([0.25, 0.5, 0.75, 1, 1, 1]);
});

test("decays linearly to its final value and stays there", () => {
  const schedule = { peak: 1, warmupSteps: 2, decay: "linear", totalSteps: 6, final: 0.2 } as const;
  // After the warm-up: 0.2 + 0.8 * (1 - k / 4).
  const expected = [0.5, 1, 1, 0.8, 0.6, 0.4, 0.2, 0.2];
  rates(schedule, 8).forEach((rate, step) => expect(rate).toBeCloseTo(expected[step]!, 12));
});

test("decays by half a cosine", () => {
  const schedule = { peak: 2, decay: "cosine", totalSteps: 4 } as const;
  // 1 + cos(pi k / 4).
  const expected = [2, 1 + Math.SQRT1_2, 1, 1 - Math.SQRT1_2, 0, 0];
  rates(schedule, 6).forEach((rate, step) => expect(rate).toBeCloseTo(expected[step]!, 12));
});

test("needs totalSteps beyond the warm-up for a decay", () => {
  expect(() => learningRateAt({ peak: 1, decay: "linear" }, 0)).toThrow("totalSteps must be given");
  expect(() =>
    learningRateAt({ peak: 1, decay: "linear", warmupSteps: 2, totalSteps: 2 }, 3),
  ).toThrow("totalSteps must be a whole number >= 3, got 2");
});
