import { describe, expect, it } from "vitest";
import { hasLearningSignal } from "./group-filter.ts";

describe("hasLearningSignal", () => {
  it("drops groups whose returns are all equal", () => {
    expect(hasLearningSignal([0.1, 0.1, 0.1])).toBe(false);
    expect(hasLearningSignal([1, 0, 1])).toBe(true);
    expect(hasLearningSignal([])).toBe(false);
  });

  it("treats a group of one by its rule", () => {
    expect(hasLearningSignal([1])).toBe(true);
    expect(hasLearningSignal([1], { singleton: "drop" })).toBe(false);
  });

  it("names the invalid argument", () => {
    expect(() => hasLearningSignal([1, Number.NaN])).toThrow(
      "hasLearningSignal: returns[1] must be finite, got NaN",
    );
  });
});
