import { describe, expect, it } from "vitest";
import { crossEntropy } from "./objective.ts";
import { plainOperations as operations } from "./plain-operations.ts";

const list = (...values: number[]): Float64Array => Float64Array.from(values);

describe("plainOperations", () => {
  it("combines lists with lists, scalars and numbers", () => {
    expect(operations.add(list(1, 2), list(10, 20))).toEqual(list(11, 22));
    expect(operations.subtract(1, list(1, 2))).toEqual(list(0, -1));
    expect(operations.multiply(list(1, 2), list(3))).toEqual(list(3, 6));
    expect(operations.divide(list(1, 2), 2)).toEqual(list(0.5, 1));
    expect(operations.minimum(list(1, 5), 2)).toEqual(list(1, 2));
    expect(operations.maximum(list(1, 5), 2)).toEqual(list(2, 5));
    expect(operations.greater(list(1, 2, 3), 2)).toEqual(list(0, 0, 1));
    expect(() => operations.add(list(1, 2), list(1, 2, 3))).toThrow(
      "add: a and b must have the same length, got 2 and 3",
    );
  });

  it("takes no value from the branch that is not selected", () => {
    const chosen = operations.where(list(1, 0), list(5, Number.NaN), list(Number.NaN, 6));
    expect(chosen).toEqual(list(5, 6));
    expect(operations.where(list(0, 1), 1, list(9))).toEqual(list(9, 1));
  });

  it("sums segments and distributes the sums to the tokens", () => {
    const segments = { ids: Int32Array.of(0, 2, 0), count: 3 };
    const sums = operations.segmentSum(list(1, 2, 3), segments);
    expect(sums).toEqual(list(4, 0, 2));
    expect(operations.segmentGather(sums, segments)).toEqual(list(4, 2, 4));
  });

  it("has a sigmoid that never overflows", () => {
    expect(operations.sigmoid(list(-1000, 0, 1000))).toEqual(list(0, 0.5, 1));
  });
});

describe("crossEntropy", () => {
  it("is the weighted sum of surprisals", () => {
    const { loss } = crossEntropy.evaluate(operations, {
      newLogProbs: list(-1, -2, -8),
      entropies: list(0, 0, 0),
      weights: list(0.5, 0.5, 0),
      responses: { ids: Int32Array.of(0, 0, 1), count: 2 },
      fields: {},
    });
    // 0.5 x 1 + 0.5 x 2; the token with weight 0 adds nothing.
    expect(loss).toEqual(list(1.5));
  });
});
