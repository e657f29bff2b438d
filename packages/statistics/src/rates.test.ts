import { describe, expect, it } from "vitest";
import { improvementProbability } from "./improvement-probability.ts";
import { wilsonInterval } from "./wilson-interval.ts";

describe("wilsonInterval", () => {
  it("stays within [0, 1] at the ends", () => {
    expect(wilsonInterval(0, 3).low).toBe(0);
    expect(wilsonInterval(3, 3).high).toBe(1);
    expect(wilsonInterval(3, 3).low).toBeCloseTo(0.4385, 4);
  });

  it("names what is wrong", () => {
    expect(() => wilsonInterval(0, 0)).toThrow(
      "wilsonInterval: numTasks must be a whole number >= 1, got 0",
    );
    expect(() => wilsonInterval(1.5, 3)).toThrow(
      "wilsonInterval: numSolved must be a whole number in [0, 3], got 1.5",
    );
  });
});

describe("improvementProbability", () => {
  it("counts ties half", () => {
    expect(improvementProbability([1, 0, -2, 3]).estimate).toBe(0.625);
    expect(improvementProbability([0, 0]).estimate).toBe(0.5);
  });

  it("does not exclude a coin toss after wins in all of five seeds, but of six", () => {
    // 0.025 ** (1 / n)
    expect(improvementProbability([1, 1, 1, 1, 1]).low).toBeCloseTo(0.025 ** 0.2, 9);
    expect(improvementProbability([1, 1, 1, 1, 1, 1]).low).toBeGreaterThan(0.5);
  });
});
