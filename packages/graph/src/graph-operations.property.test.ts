import { plainOperations, type TensorOperations } from "@turnwise/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  finiteDifferences,
  gradients,
  graphOperations,
  interpret,
  trace,
  type Feeds,
} from "./index.ts";

/** A realistic objective that uses every operation. */
function objective<T, S>(
  o: TensorOperations<T, S>,
  logProbs: T,
  oldLogProbs: T,
  advantages: T,
  responses: S,
): T {
  const difference = o.subtract(logProbs, oldLogProbs);
  const ratio = o.exp(o.minimum(o.maximum(difference, -3), 3));
  const clipped = o.minimum(o.maximum(ratio, 0.8), 1.28);
  const surrogate = o.minimum(o.multiply(ratio, advantages), o.multiply(clipped, advantages));
  const perResponse = o.segmentSum(difference, responses);
  const soft = o.sigmoid(o.segmentGather(perResponse, responses));
  const isGood = o.greater(advantages, 0);
  const chosen = o.where(isGood, o.multiply(soft, surrogate), o.negate(soft));
  const cost = o.log(o.add(1.5, o.divide(ratio, o.add(o.stopGradient(ratio), 1))));
  return o.sum(o.add(chosen, o.where(o.subtract(1, isGood), cost, 0)));
}

const token = fc.record({
  logProb: fc.double({ min: -4, max: 0, noNaN: true }),
  oldLogProb: fc.double({ min: -4, max: 0, noNaN: true }),
  advantage: fc.double({ min: -2, max: 2, noNaN: true }),
  response: fc.nat(2),
});

const program = trace((g) => {
  const x = (name: string): ReturnType<typeof g.input> => g.input(name, "float32", ["token"]);
  const responses = { ids: g.input("responses", "int32", ["token"]), count: 3 };
  const logProbs = x("logProbs");
  const loss = objective(
    graphOperations(g),
    logProbs,
    x("oldLogProbs"),
    x("advantages"),
    responses,
  );
  return { loss, gradient: gradients(g, loss, [logProbs])[0]! };
});

describe("graphOperations", () => {
  it("equal core's plain operations, and their gradient", () => {
    fc.assert(
      fc.property(fc.array(token, { minLength: 1, maxLength: 8 }), (tokens) => {
        const list = (pick: (entry: (typeof tokens)[number]) => number): Float64Array =>
          Float64Array.from(tokens, pick);
        const [logProbs, oldLogProbs, advantages] = [
          list((entry) => entry.logProb),
          list((entry) => entry.oldLogProb),
          list((entry) => entry.advantage),
        ];
        const ids = Int32Array.from(tokens, (entry) => entry.response);
        const evaluate = (at: Float64Array): number =>
          objective(plainOperations, at, oldLogProbs, advantages, { ids, count: 3 })[0]!;
        const shape = [tokens.length];
        const feeds: Feeds = {
          logProbs: { data: logProbs, shape },
          oldLogProbs: { data: oldLogProbs, shape },
          advantages: { data: advantages, shape },
          responses: { data: ids, shape },
        };
        const { loss, gradient } = interpret(program, feeds);
        expect(loss.data[0]).toBeCloseTo(evaluate(logProbs), 10);

        // `stopGradient` changes the derivative, so finite differences of the plain objective are a
        // valid check only without it.
        const numeric = finiteDifferences(program, feeds, "loss", "logProbs", 1e-6);
        tokens.forEach(({ logProb, oldLogProb, advantage }, i) => {
          const difference = logProb - oldLogProb;
          const isAtKink = [-3, 3, Math.log(0.8), Math.log(1.28)].some(
            (kink) => Math.abs(difference - kink) < 1e-5,
          );
          if (advantage <= 0 || isAtKink) return;
          const shift = (by: number): number => evaluate(logProbs.with(i, logProb + by));
          const plain = (shift(1e-6) - shift(-1e-6)) / 2e-6;
          expect(gradient.data[i]).toBeCloseTo(plain, 5);
          expect(numeric[i]).toBeCloseTo(plain, 7);
        });
      }),
      { numRuns: 100 },
    );
  });
});
