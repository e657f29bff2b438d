import { advantageLaws } from "@turnwise/estimators/laws";
import { describe, expect, it } from "vitest";
import { medianAdvantages } from "./my-estimator.ts";

describe("my-estimator", () => {
  it("compares each return with the median of its group", () => {
    // Median of 0, 0, 1, 5: 0.5.
    expect(medianAdvantages([[5, 0, 1, 0]])).toEqual([[4.5, -0.5, 0.5, -0.5]]);
  });

  const laws = advantageLaws("my-estimator", medianAdvantages, [
    "independent-groups",
    "shift-invariant",
    "linear",
    "flat-is-zero",
    "order-preserving",
  ]);
  for (const { name, check } of laws) it(`law of ${name}`, check);
});
