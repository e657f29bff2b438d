import { entropyOfLogits, logSoftmax } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { gradients, interpret, logProbAndEntropy, trace } from "./index.ts";

const size = 3;
const entry = fc.double({ min: -4, max: 4, noNaN: true });

describe("logProbAndEntropy", () => {
  it("equals core's log-softmax and entropy of the logits, with any number of chunks", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.tuple(entry, entry, entry), fc.nat()), { minLength: 1, maxLength: 7 }),
        fc.array(fc.tuple(entry, entry, entry), { minLength: 1, maxLength: 6 }),
        fc.double({ min: 0.1, max: 3, noNaN: true }),
        fc.integer({ min: 1, max: 4 }),
        (tokens, head, temperature, chunks) => {
          const program = trace((g) => ({
            ...logProbAndEntropy(
              g,
              {
                hidden: g.input("hidden", "float32", ["token", size]),
                head: g.input("head", "float32", ["vocabulary", size]),
                targets: g.input("targets", "int32", ["token"]),
              },
              { temperature, chunks },
            ),
          }));
          const targets = tokens.map(([, draw]) => draw % head.length);
          const results = interpret(program, {
            hidden: {
              data: Float64Array.from(tokens.flatMap(([row]) => row)),
              shape: [tokens.length, size],
            },
            head: { data: Float64Array.from(head.flat()), shape: [head.length, size] },
            targets: { data: Int32Array.from(targets), shape: [tokens.length] },
          });
          tokens.forEach(([row], i) => {
            const logits = head.map(
              (weights) =>
                weights.reduce((sum, weight, j) => sum + weight * row[j]!, 0) / temperature,
            );
            expect(results.logProbs.data[i]).toBeCloseTo(logSoftmax(logits)[targets[i]!]!, 9);
            expect(results.entropies.data[i]).toBeCloseTo(entropyOfLogits(logits), 9);
          });
        },
      ),
      { numRuns: 50 },
    );
  });

  it("computes no gradient of a frozen head, and the same gradient of its inputs", () => {
    const programs = [false, true].map((frozenHead) =>
      trace((g) => {
        const hidden = g.input("hidden", "float32", ["token", size]);
        const head = g.input("head", "float32", ["vocabulary", size]);
        const targets = g.input("targets", "int32", ["token"]);
        const inputs = { hidden, head, targets };
        const { logProbs, entropies } = logProbAndEntropy(g, inputs, { chunks: 3, frozenHead });
        const loss = g.reduceSum(g.add(logProbs, g.multiply(entropies, 0.3)));
        const [byHidden] = gradients(g, loss, [hidden]);
        return { byHidden: byHidden! };
      }),
    );
    const feeds = {
      hidden: { data: Float64Array.from({ length: 15 }, (_, i) => Math.sin(i)), shape: [5, size] },
      head: { data: Float64Array.from({ length: 12 }, (_, i) => Math.cos(i)), shape: [4, size] },
      targets: { data: Int32Array.of(0, 3, 1, 2, 3), shape: [5] },
    };
    const [all, frozen] = programs.map((program) => interpret(program, feeds).byHidden.data);
    expect(frozen).toEqual(all);
    const numHeads = programs.map(
      ({ operations }) =>
        operations
          .flatMap(({ outputs }) => outputs)
          .filter(({ shape }) => shape[0] === "vocabulary").length,
    );
    // With a frozen head, only the head itself has this shape; otherwise also its gradient sums.
    expect(numHeads[1]).toBe(1);
    expect(numHeads[0]).toBeGreaterThan(1);
  });

  it("reports inputs that do not fit", () => {
    trace((g) => {
      const hidden = g.input("hidden", "float32", ["token", size]);
      const targets = g.input("targets", "int32", ["token"]);
      const inputs = { hidden, head: hidden, targets };
      expect(() => logProbAndEntropy(g, inputs, { temperature: 0 })).toThrow(
        "logProbAndEntropy: temperature must be finite and > 0, got 0",
      );
      expect(() => logProbAndEntropy(g, inputs, { chunks: 0 })).toThrow(
        "logProbAndEntropy: chunks must be a whole number >= 1, got 0",
      );
      expect(() => logProbAndEntropy(g, { ...inputs, targets: g.iota(4) })).toThrow(
        "logProbAndEntropy: hidden must be [token, d], head [vocabulary, d], targets [token], got shapes [token, 3], [token, 3], [4]",
      );
      return { hidden };
    });
  });
});
