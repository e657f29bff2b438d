import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { modulationCoefficients } from "./modulation-coefficients.ts";
import {
  calibrationCost,
  covariance,
  computeCrossEntropy,
  entropyAlong,
  expectation,
  expectedDrift,
  featureDrift,
  modulationPressure,
  naturalDirection,
  naturalDrift,
  plainDirection,
  plainDrift,
  policyEntropyDrift,
  probabilityDirection,
  regularizationDrift,
  softmaxPolicy,
  treeEntropy,
  treeResponses,
  type FinitePolicy,
  type TokenTree,
} from "./theory.ts";

const logit = fc.double({ min: -4, max: 4, noNaN: true });
const advantage = fc.double({ min: -5, max: 5, noNaN: true });
/** A policy over 2 to 7 responses, the index of one response, and an advantage. */
const sampled = fc
  .tuple(fc.array(logit, { minLength: 2, maxLength: 7 }), fc.nat(), advantage)
  .map(([logits, choice, advantage]) => ({
    logits,
    policy: softmaxPolicy(logits),
    response: choice % logits.length,
    advantage,
  }));

function entropyOf(probabilities: readonly number[]): number {
  return 0 - expectation(probabilities, probabilities.map(Math.log));
}

/** Derivative of the entropy along a direction, by finite differences. */
function measuredAlong({ probabilities }: FinitePolicy, direction: readonly number[]): number {
  // The step may change every probability only by a small fraction.
  const room = probabilities.map(
    (probability, i) => probability / (1e-9 + Math.abs(direction[i]!)),
  );
  const step = 1e-4 * Math.min(...room);
  const moved = (sign: number): number =>
    entropyOf(probabilities.map((probability, i) => probability + sign * step * direction[i]!));
  return (moved(1) - moved(-1)) / (2 * step);
}

/** Derivative of the entropy along a direction of the logits, by finite differences. */
function measuredAlongLogits(logits: readonly number[], direction: readonly number[]): number {
  const step = 1e-6;
  const moved = (sign: number): number =>
    softmaxPolicy(logits.map((value, i) => value + sign * step * direction[i]!)).entropy;
  return (moved(1) - moved(-1)) / (2 * step);
}

describe("the entropy drift of a sampled response", () => {
  it("is advantage times relative surprisal: a worked bandit", () => {
    // Probabilities 1/2, 1/4, 1/4: surprisals 1, 2, 2 bits, entropy 1.5 bits.
    const policy = softmaxPolicy([Math.log(2), 0, 0]);
    expect(policy.entropy).toBeCloseTo(1.5 * Math.LN2, 12);
    expect(naturalDrift(policy, 0, 1)).toBeCloseTo(-0.5 * Math.LN2, 12);
    expect(naturalDrift(policy, 1, 1)).toBeCloseTo(0.5 * Math.LN2, 12);
    expect(naturalDrift(policy, 1, -3)).toBeCloseTo(-1.5 * Math.LN2, 12);
  });

  it("is the derivative of the entropy along the natural gradient", () => {
    fc.assert(
      fc.property(sampled, ({ policy, response, advantage }) => {
        const direction = naturalDirection(policy, response, advantage);
        const drift = naturalDrift(policy, response, advantage);
        expect(entropyAlong(policy, direction)).toBeCloseTo(drift, 10);
        // Finite differences lose half of the digits.
        expect(measuredAlong(policy, direction)).toBeCloseTo(drift, 4);
      }),
    );
  });

  it("moves the probabilities along the gradient of the surrogate in the Fisher metric", () => {
    fc.assert(
      fc.property(sampled, ({ policy, response, advantage }) => {
        // The gradient of the surrogate: advantage / pi_a for probability a, 0 for all others.
        const slopes = policy.probabilities.map((probability, i) =>
          i === response ? advantage / probability : 0,
        );
        const byMetric = probabilityDirection(policy, slopes);
        const direction = naturalDirection(policy, response, advantage);
        byMetric.forEach((part, i) => expect(part).toBeCloseTo(direction[i]!, 10));
      }),
    );
  });

  it("has another form for the plain gradient of the logits", () => {
    fc.assert(
      fc.property(sampled, ({ logits, policy, response, advantage }) => {
        const drift = plainDrift(policy, response, advantage);
        expect(entropyAlong(policy, plainDirection(policy, response, advantage))).toBeCloseTo(
          drift,
          10,
        );
        const logitStep = naturalDirection(policy, response, advantage);
        expect(measuredAlongLogits(logits, logitStep)).toBeCloseTo(drift, 4);
      }),
    );
  });

  it("is on average the covariance of advantage and surprisal", () => {
    fc.assert(
      fc.property(
        sampled,
        fc.array(advantage, { minLength: 7, maxLength: 7 }),
        ({ policy }, some) => {
          const advantages = some.slice(0, policy.probabilities.length);
          const drifts = advantages.map((a, response) => naturalDrift(policy, response, a));
          const mean = expectation(policy.probabilities, drifts);
          expect(expectedDrift(policy, advantages)).toBeCloseTo(mean, 9);
        },
      ),
    );
  });

  it("vanishes on average for equal advantages", () => {
    fc.assert(
      fc.property(sampled, ({ policy, advantage }) => {
        const advantages = policy.probabilities.map(() => advantage);
        expect(expectedDrift(policy, advantages)).toBeCloseTo(0, 12);
      }),
    );
  });
});

describe("the entropy drift of a policy", () => {
  it("is the mean over states, weighted by their visits", () => {
    const state = fc.tuple(sampled, fc.double({ min: 0, max: 3, noNaN: true }));
    fc.assert(
      fc.property(fc.array(state, { minLength: 1, maxLength: 5 }), (states) => {
        const visits = states.map(([, count]) => count);
        const drifts = states.map(([{ policy, response, advantage }]) =>
          naturalDrift(policy, response, advantage),
        );
        const measured = states.reduce((total, [{ policy, response, advantage }, count]) => {
          return (
            total + count * measuredAlong(policy, naturalDirection(policy, response, advantage))
          );
        }, 0);
        expect(measured).toBeCloseTo(policyEntropyDrift(visits, drifts), 4);
      }),
    );
  });
});

describe("regularizers", () => {
  it("add a drift that depends only on the state", () => {
    fc.assert(
      fc.property(
        sampled,
        fc.array(logit, { minLength: 7, maxLength: 7 }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        fc.double({ min: 0, max: 2, noNaN: true }),
        ({ policy, logits }, others, entropyCoefficient, klCoefficient) => {
          const reference = softmaxPolicy(others.slice(0, logits.length));
          // The gradient of c_H * H - c_KL * KL(pi || reference) with respect to the probabilities.
          const slopes = policy.surprisals.map(
            (surprisal, i) =>
              entropyCoefficient * surprisal -
              klCoefficient * (reference.surprisals[i]! - surprisal),
          );
          const drift = entropyAlong(policy, probabilityDirection(policy, slopes));
          const terms = { entropyCoefficient, klCoefficient, reference };
          expect(regularizationDrift(policy, terms)).toBeCloseTo(drift, 9);
        },
      ),
    );
  });

  it("always raise the entropy with an entropy bonus", () => {
    fc.assert(
      fc.property(sampled, ({ policy }) => {
        expect(regularizationDrift(policy, { entropyCoefficient: 1 })).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it("follow the derivative of the bonus", () => {
    const policy = softmaxPolicy([Math.log(2), 0, 0]);
    // Var[S] = (ln 2 / 2)^2.
    const variance = (Math.LN2 / 2) ** 2;
    const drift = regularizationDrift(policy, { entropyCoefficient: 2, entropySlope: 3 });
    expect(drift).toBeCloseTo(6 * variance, 12);
    expect(() => regularizationDrift(policy, { klCoefficient: 1 })).toThrow(
      "regularizationDrift: reference must be given with klCoefficient, got undefined",
    );
  });

  it("do not change a policy that equals its reference", () => {
    const policy = softmaxPolicy([1, 2, 3]);
    expect(regularizationDrift(policy, { klCoefficient: 1, reference: policy })).toBeCloseTo(0, 12);
    expect(computeCrossEntropy(policy, policy)).toBeCloseTo(policy.entropy, 12);
  });
});

const { tree } = fc.letrec<{ tree: TokenTree; child: TokenTree | undefined }>((tie) => ({
  child: fc.oneof({ depthSize: "small" }, fc.constant(undefined), tie("tree")),
  tree: fc.array(fc.tuple(logit, tie("child")), { minLength: 1, maxLength: 3 }).map((tokens) => ({
    next: softmaxPolicy(tokens.map(([value]) => value)),
    children: tokens.map(([, child]) => child),
  })),
}));

describe("the predictable part of surprisal", () => {
  it("is worked out on a tree of two tokens", () => {
    // The first token is 1/2 or 1/2; after the second token, again 1/2 or 1/2.
    const fair = softmaxPolicy([0, 0]);
    const two: TokenTree = {
      next: fair,
      children: [undefined, { next: fair, children: [undefined, undefined] }],
    };
    const responses = treeResponses(two);
    expect(responses.map(({ tokens }) => tokens)).toEqual([[0], [1, 0], [1, 1]]);
    expect(responses.map(({ probability }) => probability)).toEqual([0.5, 0.25, 0.25]);
    // Every token is exactly as surprising as expected, so both parts are equal.
    responses.forEach(({ surprisal, predictable }) =>
      expect(surprisal).toBeCloseTo(predictable, 12),
    );
    expect(treeEntropy(two).byPredictable).toBeCloseTo(1.5 * Math.LN2, 12);
  });

  it("has the response entropy as its mean, like the surprisal", () => {
    fc.assert(
      fc.property(tree, (tree) => {
        const { bySurprisal, byPredictable } = treeEntropy(tree);
        expect(byPredictable).toBeCloseTo(bySurprisal, 10);
        const total = treeResponses(tree).reduce((sum, { probability }) => sum + probability, 0);
        expect(total).toBeCloseTo(1, 12);
      }),
    );
  });
});

describe("in the space of weights", () => {
  const features = fc.array(fc.array(logit, { minLength: 7, maxLength: 7 }), {
    minLength: 7,
    maxLength: 7,
  });

  it("the natural gradient follows the theorem if features can reach every policy", () => {
    fc.assert(
      fc.property(sampled, ({ policy, response, advantage }) => {
        const size = policy.probabilities.length;
        // One weight per response except the last: parametrizes every policy exactly once.
        const full = policy.probabilities.map((_, i) =>
          Array.from({ length: size - 1 }, (_, weight) => (i === weight ? 1 : 0)),
        );
        const drift = naturalDrift(policy, response, advantage);
        expect(featureDrift(policy, full, response, advantage, "natural")).toBeCloseTo(drift, 7);
      }),
    );
  });

  it("the plain gradient with one weight per logit is the plain gradient of the logits", () => {
    fc.assert(
      fc.property(sampled, ({ policy, response, advantage }) => {
        const identity = policy.probabilities.map((_, i) =>
          policy.probabilities.map((_, weight) => (i === weight ? 1 : 0)),
        );
        const drift = plainDrift(policy, response, advantage);
        expect(featureDrift(policy, identity, response, advantage, "plain")).toBeCloseTo(drift, 9);
      }),
    );
  });

  it("with a single weight the natural drift is the covariance with surprisal along it", () => {
    fc.assert(
      fc.property(sampled, features, ({ policy, response, advantage }, some) => {
        const feature = policy.probabilities.map((_, i) => some[i]![0]!);
        const variance = covariance(policy, feature, feature);
        fc.pre(variance > 1e-3);
        const centred = feature[response]! - expectation(policy.probabilities, feature);
        const expected =
          ((advantage * centred) / variance) * covariance(policy, feature, policy.surprisals);
        const oneWeight = feature.map((value) => [value]);
        expect(featureDrift(policy, oneWeight, response, advantage, "natural")).toBeCloseTo(
          expected,
          6,
        );
      }),
    );
  });

  it("refuses weights without effect", () => {
    const policy = softmaxPolicy([0, 1]);
    expect(() => featureDrift(policy, [[1], [1]], 0, 1, "natural")).toThrow(
      "featureDrift: the Fisher matrix must be invertible, got a singular one",
    );
  });
});

describe("the map from entropy to coefficient", () => {
  const group = fc.array(fc.double({ min: 0, max: 5, noNaN: true }), {
    minLength: 2,
    maxLength: 8,
  });
  const strength = fc.double({ min: 0.1, max: 4, noNaN: true });

  it("has the lowest cost of all coefficients with mean 1", () => {
    fc.assert(
      fc.property(
        group,
        strength,
        fc.array(logit, { minLength: 8, maxLength: 8 }),
        (entropies, strength, other) => {
          const low = Math.min(...entropies);
          const range = Math.max(...entropies) - low;
          fc.pre(range >= 0.1);
          const scaled = entropies.map((entropy) => (entropy - low) / range);
          const best = modulationCoefficients(entropies, { strength });
          const rivals = entropies.map((_, i) => Math.exp(other[i]!));
          const mean = rivals.reduce((a, b) => a + b, 0) / rivals.length;
          const rival = rivals.map((value) => value / mean);
          expect(calibrationCost(best, scaled, strength)).toBeLessThanOrEqual(
            calibrationCost(rival, scaled, strength) + 1e-9,
          );
        },
      ),
    );
  });
});

describe("what modulation adds", () => {
  it("raises entropy on failures and lowers it on successes, if the coefficient follows surprise", () => {
    fc.assert(
      fc.property(
        sampled,
        fc.double({ min: 1.001, max: 2.7, noNaN: true }),
        ({ policy, response, advantage }, excess) => {
          const relative = policy.surprisals[response]! - policy.entropy;
          // Above 1 for lower surprisal than expected, below 1 for higher.
          const coefficient = relative < 0 ? excess : 1 / excess;
          const pressure = modulationPressure(policy, response, advantage, coefficient);
          expect(pressure * advantage).toBeLessThanOrEqual(0);
        },
      ),
    );
  });
});

describe("what the theory refuses", () => {
  it("names it", () => {
    expect(() => softmaxPolicy([])).toThrow(
      "softmaxPolicy: numResponses must be a whole number >= 1, got 0",
    );
    expect(() => softmaxPolicy([Infinity])).toThrow("softmaxPolicy: logits[0] must be finite");
    expect(() => naturalDrift(softmaxPolicy([0, 1]), 2, 1)).toThrow(
      "naturalDrift: response must be a whole number in [0, 1], got 2",
    );
  });
});
