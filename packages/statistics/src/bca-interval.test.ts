import { createRandom } from "@turnwise/core";
import { expect, it } from "vitest";
import { bcaInterval } from "./bca-interval.ts";

const random = createRandom("bca");

it("spans the two seeds if there are only two", () => {
  // Means 0, 1 and 2 with weights 1/4, 1/2, 1/4: the 2.5 % percentile is 0.
  expect(bcaInterval([0, 2], random)).toEqual({ estimate: 1, low: 0, high: 2, confidence: 0.95 });
});

it("is a point if all seeds agree", () => {
  expect(bcaInterval([3, 3, 3], random)).toMatchObject({ low: 3, high: 3 });
});

it("moves towards the long tail of skewed seeds", () => {
  const { estimate, low, high } = bcaInterval([0, 0.1, 0.2, 0.3, 5], random);
  expect(high - estimate).toBeGreaterThan(1.5 * (estimate - low));
});

it("draws resamples beyond 8 seeds, the same for the same stream", () => {
  const values = [0.3, -1.2, 0.8, 2.1, 0.4, -0.5, 1.9, 0.2, 0.7, 1.1];
  const first = bcaInterval(values, createRandom(1));
  expect(bcaInterval(values, createRandom(1))).toEqual(first);
  const second = bcaInterval(values, createRandom(2), { numResamples: 50_000 });
  // Percentiles of 10,000 resamples vary by a few hundredths of a standard deviation.
  expect(Math.abs(second.low - first.low)).toBeLessThan(0.05);
  expect(Math.abs(second.high - first.high)).toBeLessThan(0.05);
});

it("names what is wrong", () => {
  expect(() => bcaInterval([1], random)).toThrow(
    "bcaInterval: values must have at least 2 seeds, got 1",
  );
  expect(() => bcaInterval([1, 2], random, { numResamples: 10 })).toThrow(
    "bcaInterval: numResamples must be a whole number >= 1000, got 10",
  );
});
