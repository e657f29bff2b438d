import type { Sampler } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecordedResponse } from "./recorded-batch.ts";
import { sampleTopLogProbs } from "./sample-top-log-probs.ts";

/** Sampler with one fixed distribution, for requests with `topK: 1`. */
function fixedSampler(probabilities: readonly number[], reportsUnfiltered = true): Sampler {
  return {
    capabilities: { entropies: "exact", maxSequenceTokens: 99 },
    load: async () => 0,
    release: () => undefined,
    sample: async ({ topK, bannedTokens = [] }) => {
      expect(topK).toBe(1);
      const allowed = [...probabilities.keys()].filter((token) => !bannedTokens.includes(token));
      const token = allowed.reduce((a, b) => (probabilities[b]! > probabilities[a]! ? b : a));
      return {
        tokens: [token],
        logProbs: [0],
        entropies: [],
        ...(reportsUnfiltered && { unfilteredLogProbs: [Math.log(probabilities[token]!)] }),
        stopReason: "length",
      };
    },
  };
}

const response: RecordedResponse = {
  group: "a",
  trajectory: 0,
  turn: 0,
  row: [5, 6, 7],
  start: 1,
  tokens: [6, 7],
  samplerLogProbs: [],
  oldLogProbs: [],
  entropies: [],
  advantage: 1,
};

const topOf = async (sampler: Sampler, k: number): Promise<number[][]> => {
  const [found] = await sampleTopLogProbs(sampler, [response], k, () => undefined);
  return found!.map((logProbs) => logProbs.map(Math.exp));
};

describe("sampleTopLogProbs", () => {
  it("finds the k largest probabilities at each token of a response", async () => {
    const found = await topOf(fixedSampler([0.1, 0.6, 0.3]), 2);
    expect(found).toHaveLength(2);
    expect(found[0]![0]).toBeCloseTo(0.6, 12);
    expect(found[0]![1]).toBeCloseTo(0.3, 12);
    expect(found[1]).toEqual(found[0]);
  });

  it("stops when nothing is left", async () => {
    expect((await topOf(fixedSampler([1, 0, 0]), 3))[0]).toEqual([1]);
  });

  it("finds any distribution in falling order, ties included", async () => {
    const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(weights, async (list) => {
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const probabilities = list.map((weight) => weight / total);
        const [found] = await topOf(fixedSampler(probabilities), list.length);
        const sorted = probabilities.toSorted((a, b) => b - a);
        expect(found).toHaveLength(sorted.length);
        for (const [i, p] of sorted.entries()) expect(found![i]).toBeCloseTo(p, 12);
      }),
    );
  });

  it("says what the sampler must report", async () => {
    await expect(topOf(fixedSampler([1, 0], false), 1)).rejects.toThrow(
      "policy: sampler must report log-probs before filtering (unfilteredLogProbs)",
    );
  });
});
