import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { aggregationWeights, type Aggregation } from "./aggregation.ts";

/** Computes `sum(weights * tokenLoss)` over ragged token losses. */
function aggregate(weights: readonly number[], losses: readonly (readonly number[])[]): number {
  return losses.reduce(
    (total, tokens, index) => total + tokens.reduce((sum, loss) => sum + weights[index]! * loss, 0),
    0,
  );
}

const losses = [
  [1, 2],
  [5, 6, 7, 8],
];
const lengths = [2, 4];

describe("aggregationWeights", () => {
  it.each<[Aggregation, number]>([
    ["token-mean", 29 / 6],
    ["seq-mean-token-sum", 14.5],
    ["seq-mean-token-mean", 4],
    ["seq-mean-token-sum-norm", 3.625],
  ])("computes verl's loss for %s", (mode, expected) => {
    const weights = aggregationWeights(mode, lengths, { maxLength: 4 });
    expect(aggregate(weights, losses)).toBeCloseTo(expected, 12);
  });

  it("averages within a group before it averages over groups", () => {
    // Group a has 2 + 2 tokens, group b has 4: each token weighs 1 / (2 groups * 4 tokens) = 1/8.
    expect(aggregationWeights("prompt-mean", [2, 2, 4], { groups: ["a", "a", "b"] })).toEqual([
      1 / 8,
      1 / 8,
      1 / 8,
    ]);
    expect(aggregationWeights("prompt-mean", [1, 3, 2], { groups: [0, 0, 1] })).toEqual([
      1 / 8,
      1 / 8,
      1 / 4,
    ]);
  });

  it("excludes sequences without tokens, or counts them", () => {
    expect(aggregationWeights("seq-mean-token-sum", [2, 0])).toEqual([1, 0]);
    const options = { emptySequences: "count" } as const;
    expect(aggregationWeights("seq-mean-token-sum", [2, 0], options)).toEqual([0.5, 0]);
    const groups = ["a", "b"];
    expect(aggregationWeights("prompt-mean", [2, 0], { groups })).toEqual([0.5, 0]);
    expect(aggregationWeights("prompt-mean", [2, 0], { groups, ...options })).toEqual([0.25, 0]);
  });

  it("returns no weights for an empty batch", () => {
    expect(aggregationWeights("token-mean", [])).toEqual([]);
    expect(aggregationWeights("seq-mean-token-mean", [0, 0])).toEqual([0, 0]);
  });

  it("names the invalid argument", () => {
    expect(() => aggregationWeights("token-mean", [2, -1])).toThrow(
      "aggregationWeights: lengths[1] must be a whole number >= 0, got -1",
    );
    expect(() => aggregationWeights("seq-mean-token-sum-norm", [2])).toThrow(
      'aggregationWeights: maxLength must be given with "seq-mean-token-sum-norm", got undefined',
    );
    expect(() => aggregationWeights("seq-mean-token-sum-norm", [2], { maxLength: 0 })).toThrow(
      "aggregationWeights: maxLength must be finite and > 0, got 0",
    );
    expect(() => aggregationWeights("prompt-mean", [2])).toThrow(
      'aggregationWeights: groups must be given with "prompt-mean", got undefined',
    );
    expect(() => aggregationWeights("prompt-mean", [2, 1], { groups: [0] })).toThrow(
      "aggregationWeights: lengths and groups must have the same length, got 2 and 1",
    );
  });

  it("distributes exactly 1 if the mode is a mean of means", () => {
    const someLengths = fc.array(fc.nat({ max: 5000 }), { minLength: 1, maxLength: 30 });
    const mode = fc.constantFrom<Aggregation>("token-mean", "seq-mean-token-mean", "prompt-mean");
    fc.assert(
      fc.property(someLengths, mode, (lengths, mode) => {
        const weights = aggregationWeights(mode, lengths, { groups: lengths.map((_, i) => i % 3) });
        const total = lengths.reduce((sum, length, i) => sum + length * weights[i]!, 0);
        expect(total).toBeCloseTo(lengths.some((length) => length > 0) ? 1 : 0, 10);
      }),
    );
  });

  it("agrees for all modes, up to a constant, if lengths are equal", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 500 }),
        (count, length) => {
          const lengths = Array<number>(count).fill(length);
          const of = (mode: Aggregation): number =>
            aggregationWeights(mode, lengths, {
              maxLength: length,
              groups: lengths.map(() => 0),
            })[0]!;
          const token = of("token-mean");
          expect(of("seq-mean-token-mean")).toBeCloseTo(token, 12);
          expect(of("seq-mean-token-sum-norm")).toBeCloseTo(token, 12);
          expect(of("prompt-mean")).toBeCloseTo(token, 12);
          expect(of("seq-mean-token-sum") / length).toBeCloseTo(token, 12);
        },
      ),
    );
  });
});
