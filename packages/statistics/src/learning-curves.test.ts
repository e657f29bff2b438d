import { describe, expect, it } from "vitest";
import { areaUnderCurve } from "./area-under-curve.ts";
import { meanCurve } from "./mean-curve.ts";
import { tInterval } from "./t-interval.ts";

describe("areaUnderCurve", () => {
  it("is the mean height by the trapezoid rule", () => {
    // (0 + 1) / 2 over a width of 1, then 1 over a width of 2: 2.5 / 3.
    expect(areaUnderCurve([0, 1, 3], [0, 1, 1])).toBeCloseTo(2.5 / 3, 12);
    expect(areaUnderCurve([7], [0.4])).toBe(0.4);
  });

  it("names what is wrong", () => {
    expect(() => areaUnderCurve([], [])).toThrow(
      "areaUnderCurve: values must not be empty, got length 0",
    );
    expect(() => areaUnderCurve([0, 2, 2], [1, 1, 1])).toThrow(
      "areaUnderCurve: positions[2] must be > 2, got 2",
    );
    expect(() => areaUnderCurve([0, 1], [1])).toThrow(
      "areaUnderCurve: positions and values must have the same length, got 2 and 1",
    );
  });
});

describe("meanCurve", () => {
  it("has a t interval over seeds at each point", () => {
    const curves = [
      [0, 1],
      [0.2, 3],
    ];
    expect(meanCurve(curves)).toEqual([tInterval([0, 0.2]), tInterval([1, 3])]);
    expect(meanCurve(curves, { confidence: 0.5 })[1]).toEqual(
      tInterval([1, 3], { confidence: 0.5 }),
    );
  });

  it("names what is wrong", () => {
    expect(() => meanCurve([[1]])).toThrow("meanCurve: curves must have at least 2 seeds, got 1");
    expect(() => meanCurve([[1, 2], [1]])).toThrow(
      "meanCurve: curves[0] and curves[1] must have the same length, got 2 and 1",
    );
    expect(() => meanCurve([[1], [Number.NaN]])).toThrow(
      "meanCurve: curves[1][0] must be finite, got NaN",
    );
  });
});
