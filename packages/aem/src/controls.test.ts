import { createRandom, type RoleSpan } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { actionModulator } from "./action-modulator.ts";
import { criticalModulator } from "./critical-modulator.ts";
import { entropyModulator } from "./entropy-modulator.ts";
import { computeTokenAdvantages, type CreditedResponse } from "./modulator.ts";
import { randomModulator } from "./random-modulator.ts";
import { shapingModulator } from "./shaping-modulator.ts";

function response(
  trajectory: number,
  advantage: number,
  entropies: readonly number[],
  spans?: readonly RoleSpan[],
): CreditedResponse {
  return {
    group: "g",
    trajectory,
    turn: 0,
    advantage,
    uncertainty: { kind: "entropy", entropies },
    ...(spans && { spans }),
  };
}

describe("shapingModulator", () => {
  it("weights tokens by their entropy relative to the group", () => {
    // Mean 1.5 over 1, 3, 0.5, 1.5: (1 + h / 1.5) / 2.
    const batch = [response(0, 1, [1, 3]), response(1, -1, [0.5, 1.5])];
    const { tokenAdvantages, coefficients } = shapingModulator().modulate(batch);
    [5 / 6, 1.5].forEach((c, i) => expect(tokenAdvantages![0]![i]).toBeCloseTo(c, 12));
    [-2 / 3, -1].forEach((c, i) => expect(tokenAdvantages![1]![i]).toBeCloseTo(c, 12));
    expect(coefficients[0]).toBeCloseTo(7 / 6, 12);
  });

  it("mirrors the entropy of failures, so that confident ones count more", () => {
    // Failures 1 and 3 become 3 and 1 (low 1, high 3), mean 2: (1 + 1.5) / 2 and (1 + 0.5) / 2.
    const batch = [response(0, 1, [2]), response(1, -1, [1]), response(2, -1, [3])];
    const mirrored = shapingModulator({ unit: "response", failures: "mirrored" });
    expect(mirrored.modulate(batch).coefficients).toEqual([1, 1.25, 0.75]);
    const same = shapingModulator({ unit: "response" }).modulate(batch);
    expect(same.coefficients).toEqual([1, 0.75, 1.25]);
  });

  it("names the invalid argument", () => {
    expect(() => shapingModulator({ strength: 0 })).toThrow(
      "shapingModulator: strength must be finite and > 0, got 0",
    );
    const meanOnly: CreditedResponse = {
      ...response(0, 1, []),
      uncertainty: { kind: "mean-entropy", entropy: 1, numTokens: 2 },
    };
    expect(() => shapingModulator().modulate([meanOnly])).toThrow(
      'shapingModulator: responses[0].uncertainty must be given per token, got "mean-entropy"',
    );
    expect(shapingModulator({ unit: "response" }).modulate([meanOnly]).coefficients).toEqual([1]);
  });
});

describe("criticalModulator", () => {
  const batch = [0.1, 0.9, 0.5, 0.2, 0.3].map((entropy, i) => response(i, 2, [entropy]));

  it("keeps the most uncertain responses", () => {
    // ceil(0.5 * 5) = 3 of five responses.
    expect(criticalModulator().modulate(batch).advantages).toEqual([0, 2, 2, 0, 2]);
    const calibrated = criticalModulator({ calibration: "mean-one" }).modulate(batch);
    expect(calibrated.coefficients[1]).toBeCloseTo(5 / 3, 12);
  });

  it("keeps all ties of the last kept response", () => {
    const flat = [1, 1, 1, 0].map((entropy, i) => response(i, 1, [entropy]));
    expect(criticalModulator({ criticalShare: 0.25 }).modulate(flat).coefficients).toEqual([
      1, 1, 1, 0,
    ]);
  });

  it("refuses a share that masks nothing or everything", () => {
    for (const criticalShare of [0, 1, Number.NaN]) {
      expect(() => criticalModulator({ criticalShare })).toThrow(
        `criticalModulator: criticalShare must be in (0, 1), got ${criticalShare}`,
      );
    }
  });
});

describe("actionModulator", () => {
  const spans: readonly RoleSpan[] = [
    { role: "reasoning", start: 0, length: 1 },
    { role: "action", start: 2, length: 2 },
    { role: "end", start: 4, length: 1 },
  ];

  it("gives reasoning and tags little weight, and uncertain action tokens more", () => {
    // Action entropies 1 and 3, mean 2: 1 + 0.5 (1 / 2 - 1) and 1 + 0.5 (3 / 2 - 1).
    const { tokenAdvantages } = actionModulator().modulate([
      response(0, 2, [9, 9, 1, 3, 9], spans),
    ]);
    expect(tokenAdvantages).toEqual([[0.2, 0.2, 1.5, 2.5, 2]]);
  });

  it("reads no entropies without a strength", () => {
    const modulator = actionModulator({ uncertaintyStrength: 0 });
    expect(modulator.needs).toEqual(["spans"]);
    const unknown: CreditedResponse = {
      ...response(0, 1, [], spans),
      uncertainty: { kind: "unknown", numTokens: 5 },
    };
    expect(modulator.modulate([unknown]).tokenAdvantages).toEqual([[0.1, 0.1, 1, 1, 1]]);
  });

  it("does not change a response without an action", () => {
    const { tokenAdvantages } = actionModulator().modulate([response(0, 1, [1, 2], [])]);
    expect(tokenAdvantages).toEqual([[1, 1]]);
  });

  it("names the invalid argument", () => {
    expect(() => actionModulator({ reasoningWeight: 2 })).toThrow(
      "actionModulator: reasoningWeight must be in [0, 1], got 2",
    );
    expect(() => actionModulator().modulate([response(0, 1, [1])])).toThrow(
      "actionModulator: responses[0].spans must be given, got undefined",
    );
    const long = response(0, 1, [1], [{ role: "action", start: 0, length: 2 }]);
    expect(() => actionModulator().modulate([long])).toThrow(
      "actionModulator: responses[0].spans.length must be a whole number in [0, 1], got 2",
    );
  });
});

describe("randomModulator", () => {
  it("permutes AEM's coefficients over the batch, differently in each iteration", () => {
    const batch = Array.from({ length: 12 }, (_, i) => ({
      ...response(i, 1, [i]),
      group: i % 2,
    }));
    const aem = entropyModulator().modulate(batch).coefficients;
    const run = (iteration: number): number[] =>
      randomModulator().modulate(batch, createRandom(3).fork(`iteration/${iteration}`))
        .coefficients;
    expect(run(0)).not.toEqual(aem);
    const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b);
    expect(sorted(run(0))).toEqual(sorted(aem));
    expect(run(0)).toEqual(run(0));
    expect(run(1)).not.toEqual(run(0));
    expect(() => randomModulator().modulate(batch)).toThrow("random must be given, got undefined");
  });
});

describe("computeTokenAdvantages", () => {
  it("applies the coefficient and the offset of a response to its tokens", () => {
    const batch = [{ ...response(0, 2, [1, 1]), tokenAdvantages: [1, 3] }, response(1, -1, [1])];
    const result = { advantages: [5, -0.5], coefficients: [2, 0.5], uncertainty: undefined };
    // 2 * 2 + 1 = 5: the tokens get 2 * 1 + 1 and 2 * 3 + 1.
    expect(computeTokenAdvantages(batch, result)).toEqual([[3, 7], [-0.5]]);
  });

  it("multiplies token advantages by token coefficients", () => {
    const batch = [{ ...response(0, 2, [1, 3]), tokenAdvantages: [1, 3] }];
    const result = shapingModulator().modulate(batch);
    // Mean entropy 2: (1 + 0.5) / 2 and (1 + 1.5) / 2.
    expect(computeTokenAdvantages(batch, result)).toEqual([[0.75, 3.75]]);
    expect(result.advantages).toEqual([2.25]);
  });
});
