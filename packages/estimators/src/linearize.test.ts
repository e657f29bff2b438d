import type { Objective } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { entropyBonus } from "./entropy-bonus.ts";
import { linearize } from "./linearize.ts";
import { importanceSampling } from "./policy-gradient.ts";
import { plainInputs } from "./testing/evaluate.ts";

describe("linearize", () => {
  it("computes the gradient with respect to every log-prob", () => {
    // Ratios 2 and 1/2: gradients -weight * advantage * ratio.
    const { loss, newLogProbs, entropies } = linearize(
      importanceSampling(),
      plainInputs({
        newLogProbs: [[Math.log(2) - 3, -Math.log(2) - 1]],
        weights: [[0.25, 0.5]],
        fields: { oldLogProbs: [[-3, -1]], advantages: [[1, -4]] },
      }),
    );
    expect(loss).toBeCloseTo(-0.5 + 1, 12);
    expect([...newLogProbs]).toEqual([expect.closeTo(-0.5, 12), expect.closeTo(1, 12)]);
    expect([...entropies]).toEqual([0, 0]);
  });

  it("computes the gradient with respect to every entropy", () => {
    const { entropies, values } = linearize(
      entropyBonus(),
      plainInputs({ newLogProbs: [[-1, -1]], entropies: [[2, 3]], weights: [[0.5, 0]] }),
    );
    expect([...entropies]).toEqual([-0.5, 0]);
    expect(values).toBeUndefined();
  });

  it("sums the effects of a scalar on every token", () => {
    // (x + y)^2 as the sum of x * (x + y) and y * (x + y): derivative 2 (x + y) with respect to
    // both.
    const square: Objective = {
      name: "square",
      needs: [],
      evaluate: (operations, { newLogProbs }) => ({
        loss: operations.sum(operations.multiply(operations.sum(newLogProbs), newLogProbs)),
        metrics: {},
      }),
    };
    const inputs = plainInputs({ newLogProbs: [[-1, -2]], weights: [[1, 1]] });
    const { loss, newLogProbs } = linearize(square, inputs);
    expect(loss).toBe(9);
    expect([...newLogProbs]).toEqual([-6, -6]);
  });

  it("names invalid inputs", () => {
    const sound = {
      newLogProbs: [[-1, -2]],
      weights: [[1, 1]],
      fields: { oldLogProbs: [[-1, -2]], advantages: [[1, 1]] },
    };
    const refusal = (changes: Partial<Parameters<typeof plainInputs>[0]>): (() => unknown) => {
      const inputs = plainInputs({ ...sound, ...changes });
      return () => linearize(importanceSampling(), inputs);
    };
    expect(refusal({})).not.toThrow();
    expect(refusal({ newLogProbs: [[-1, 0.5]] })).toThrow(
      "linearize: newLogProbs[1] must be finite and <= 0, got 0.5",
    );
    expect(refusal({ newLogProbs: [[-1, -Infinity]] })).toThrow("newLogProbs[1]");
    expect(refusal({ entropies: [[1, -0.5]] })).toThrow(
      "linearize: entropies[1] must be >= 0, got -0.5",
    );
    expect(refusal({ weights: [[1, NaN]] })).toThrow(
      "linearize: weights[1] must be finite, got NaN",
    );
    expect(refusal({ weights: [[1]] })).toThrow(
      "linearize: newLogProbs and weights must have the same length, got 2 and 1",
    );
    expect(refusal({ fields: { ...sound.fields, advantages: [[NaN, 1]] } })).toThrow(
      "linearize: fields.advantages[0] must be finite, got NaN",
    );
    expect(refusal({ fields: { ...sound.fields, oldLogProbs: [[-1, 2]] } })).toThrow(
      "linearize: fields.oldLogProbs[1] must be finite and <= 0, got 2",
    );
    expect(refusal({ fields: { ...sound.fields, advantages: [[1]] } })).toThrow(
      "linearize: newLogProbs and fields.advantages must have the same length, got 2 and 1",
    );
    expect(refusal({ fields: {} })).toThrow("must be given, got undefined");
    const inputs = plainInputs(sound);
    const lost = { ...inputs, responses: { ids: Int32Array.of(0, 1), count: 1 } };
    expect(() => linearize(importanceSampling(), lost)).toThrow(
      "linearize: responses.ids[1] must be a whole number in [0, 0], got 1",
    );
  });

  it("accepts unknown entropies, and log-probs above 0 by rounding", () => {
    const inputs = plainInputs({
      newLogProbs: [[1e-7]],
      entropies: [[NaN]],
      weights: [[1]],
      fields: { oldLogProbs: [[0]], advantages: [[1]] },
    });
    expect(linearize(importanceSampling(), inputs).loss).toBeCloseTo(-1, 6);
  });

  it("refuses a loss or gradient that is not finite, and names its token", () => {
    const divide = (pick: "loss" | "slope"): Objective => ({
      name: "broken",
      needs: [],
      evaluate: (operations, { newLogProbs, weights }) => ({
        loss:
          pick === "loss"
            ? operations.sum(operations.divide(weights, newLogProbs))
            : // log(0) is not selected, but 0 times its infinite derivative would be NaN.
              operations.sum(operations.minimum(operations.log(newLogProbs), 3)),
        metrics: {},
      }),
    });
    const inputs = plainInputs({ newLogProbs: [[-1, 0]], weights: [[1, 1]] });
    expect(() => linearize(divide("loss"), inputs)).toThrow(
      "linearize: broken must be finite, got Infinity",
    );
    expect(() => linearize(divide("slope"), inputs)).toThrow(RangeError);
  });

  it("names the token whose gradient is not finite", () => {
    const root: Objective = {
      name: "root",
      needs: [],
      evaluate: (operations, { newLogProbs }) => ({
        // 1 / log-prob^2 at 1e-150 has a finite value and an infinite derivative.
        loss: operations.sum(
          operations.divide(1e-300, operations.multiply(newLogProbs, newLogProbs)),
        ),
        metrics: {},
      }),
    };
    expect(() =>
      linearize(root, plainInputs({ newLogProbs: [[-1, -1e-150]], weights: [[1, 1]] })),
    ).toThrow(/linearize: gradient of newLogProbs\[1\] must be finite, got -?Infinity/u);
  });
});
