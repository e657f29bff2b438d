import type { Law, Objective } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { cispoSurrogate } from "./cispo-surrogate.ts";
import { clippedSurrogate } from "./clipped-surrogate.ts";
import { algorithmPresets } from "./algorithm/algorithm-presets.ts";
import { compileAlgorithm } from "./algorithm/compile-algorithm.ts";
import { bestOfGroupAdvantages } from "./best-of-group.ts";
import { addObjectives, scaleObjective } from "./combine-objectives.ts";
import { discountedReturns } from "./discounted-returns.ts";
import { entropyBonus } from "./entropy-bonus.ts";
import { geometricMeanSurrogate } from "./geometric-mean-surrogate.ts";
import { generalizedAdvantages } from "./generalized-advantages.ts";
import { clamp, maskInputs } from "./index.ts";
import { groupAdvantages } from "./group-advantages.ts";
import { grpoPresets, type GrpoPreset } from "./grpo-presets.ts";
import { klPenalty } from "./kl-penalty.ts";
import {
  advantageLaws,
  type AdvantageEstimator,
  objectiveLaws,
  type AdvantageClaim,
  type ObjectiveClaim,
  type ObjectiveLawOptions,
} from "./laws.ts";
import { importanceSampling, policyGradient } from "./policy-gradient.ts";
import {
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
} from "./reinforce-plus-plus.ts";
import { sapoSurrogate } from "./sapo-surrogate.ts";
import { gigpoAdvantages, turnAdvantages } from "./turn-advantages.ts";
import { valueLoss } from "./value-loss.ts";

function itHolds(laws: readonly Law[]): void {
  for (const { name, check } of laws) it(`law of ${name}`, check);
}

const relative: readonly AdvantageClaim[] = [
  "independent-groups",
  "shift-invariant",
  "flat-is-zero",
  "order-preserving",
];
const scaled: readonly AdvantageClaim[] = [...relative, "centred", "scale-invariant"];
const unscaled: readonly AdvantageClaim[] = [...relative, "centred", "linear"];

const presetClaims: Readonly<Record<GrpoPreset, readonly AdvantageClaim[]>> = {
  verl: scaled,
  verlAgent: scaled.filter((claim) => claim !== "centred"),
  skyrl: scaled,
  slime: scaled,
  trl: scaled,
  trlBatch: ["centred", "shift-invariant", "flat-is-zero", "order-preserving", "scale-invariant"],
  rllm: scaled,
  openrlhf: scaled,
  roll: scaled,
  areal: ["shift-invariant", "flat-is-zero", "order-preserving", "scale-invariant"],
  // The standard deviation differs between members, and may be 0 for one member but not for its
  // sibling.
  nemoRl: ["independent-groups", "shift-invariant", "flat-is-zero"],
  primeRl: unscaled,
  tinker: unscaled,
  drGrpo: unscaled,
  rloo: unscaled,
  rlooVectorized: unscaled,
  opo: relative.concat("linear"),
};

describe("laws of the advantage presets", () => {
  const isPreset = (name: string): name is GrpoPreset => name in grpoPresets;
  for (const preset of Object.keys(grpoPresets).filter(isPreset)) {
    const options = grpoPresets[preset];
    const estimate = (returns: number[][]): number[][] =>
      groupAdvantages(returns, {
        ...options,
        numResponses: returns.map((group) =>
          group.map((_, i) => 1 + ((Math.abs(group[i]!) % 3) | 0)),
        ),
        numTokens: returns.map((group) => group.map((value) => 5 + ((Math.abs(value) % 7) | 0))),
      });
    const claims = presetClaims[preset];
    // With statistics over responses or tokens, the counts depend on the returns, so some laws do
    // not hold.
    const stable = options.statisticsOver === undefined ? claims : ["flat-is-zero" as const];
    itHolds(advantageLaws(preset, estimate, stable));
  }
  for (const preset of ["verlAgent", "opo"] as const) {
    const estimate = (returns: number[][]): number[][] =>
      groupAdvantages(returns, {
        ...grpoPresets[preset],
        numResponses: returns.map((group) => group.map(() => 3)),
        numTokens: returns.map((group) => group.map(() => 7)),
      });
    itHolds(advantageLaws(`${preset}, equal counts`, estimate, presetClaims[preset]));
  }
  itHolds(
    advantageLaws(
      "reinforcePlusPlusBaseline",
      (returns) =>
        reinforcePlusPlusBaselineAdvantages(
          returns,
          returns.map((group) => group.map(() => 4)),
        ),
      ["shift-invariant", "scale-invariant", "order-preserving"],
    ),
  );
});

describe("laws of the other advantage estimators", () => {
  const single = (group: readonly number[]): number[][] => group.map((value) => [value]);
  const flat = (tokens: readonly (readonly number[])[]): number[] => tokens.map(([own]) => own!);
  const estimators: readonly [string, AdvantageEstimator, readonly AdvantageClaim[]][] = [
    [
      "best-of-group",
      (returns) => returns.map((group) => bestOfGroupAdvantages(group)),
      [...relative, "scale-invariant"],
    ],
    [
      "best-of-group, unscaled",
      (returns) => returns.map((group) => bestOfGroupAdvantages(group, { scale: "none" })),
      [...relative, "linear"],
    ],
    ["turn", (returns) => turnAdvantages(returns.map(single)).map(flat), scaled],
    [
      "gigpo",
      (returns) =>
        gigpoAdvantages(
          returns.map((group) => group.map((value) => ({ rewards: [value], stateKeys: ["s"] }))),
        ).map(flat),
      unscaled,
    ],
    [
      "gigpo, states visited once",
      (returns) =>
        gigpoAdvantages(
          returns.map((group) =>
            group.map((value, i) => ({ rewards: [value], stateKeys: [String(i)] })),
          ),
          { scale: "sample" },
        ).map(flat),
      scaled,
    ],
    [
      "discounted-returns",
      (returns) => returns.map((group) => group.map((value) => discountedReturns([0, value])[0]!)),
      ["independent-groups", "linear", "order-preserving"],
    ],
    [
      "reinforce-plus-plus",
      (returns) => {
        const tokens = flat(reinforcePlusPlusAdvantages(returns.flatMap(single)));
        let next = 0;
        return returns.map((group) => group.map(() => tokens[next++]!));
      },
      ["shift-invariant", "scale-invariant", "flat-is-zero", "order-preserving"],
    ],
    [
      "generalized",
      (returns) =>
        returns.map((group) =>
          group.map((value) => generalizedAdvantages([0, value], [0, 0]).advantages[0]!),
        ),
      ["independent-groups", "linear", "order-preserving"],
    ],
  ];
  for (const [name, estimate, claims] of estimators) {
    itHolds(advantageLaws(name, estimate, claims));
  }
});

/**
 * Example of a user's objective, written with public functions only: `-advantage * (ratio - 1)`.
 */
const ratioGain: Objective = {
  name: "ratio-gain",
  needs: ["oldLogProbs", "advantages"],
  evaluate: (operations, inputs) => {
    const { newLogProbs, field, weights } = maskInputs("ratioGain", operations, inputs);
    const logRatios = operations.subtract(newLogProbs, field("oldLogProbs"));
    const ratios = operations.exp(clamp(operations, logRatios, -20, 20));
    const gains = operations.multiply(field("advantages"), operations.subtract(ratios, 1));
    const gain = operations.sum(operations.multiply(weights, gains));
    return { loss: operations.negate(gain), metrics: {} };
  },
};

const surrogate: readonly ObjectiveClaim[] = [
  "policy-gradient",
  "follows-advantages",
  "silent-without-advantage",
];
const objectives: readonly [Objective, readonly ObjectiveClaim[], ObjectiveLawOptions?][] = [
  [clippedSurrogate(), [...surrogate, "differentiable"], { clipRange: [0.8, 1.2] }],
  [ratioGain, [...surrogate, "differentiable"]],
  [
    clippedSurrogate({ clipLow: 0.2, clipHigh: 0.28, dualClip: 3 }),
    [...surrogate, "differentiable"],
    { clipRange: [0.8, 1.28] },
  ],
  [clippedSurrogate({ ratioCap: 2 }), [...surrogate, "differentiable"], { clipRange: [0.8, 1.2] }],
  [
    clippedSurrogate({ clipLow: 3e-4, clipHigh: 4e-4, ratioLevel: "response" }),
    [...surrogate, "differentiable"],
  ],
  [clippedSurrogate({ clipLow: 3e-4, clipHigh: 4e-4, ratioLevel: "response-token" }), surrogate],
  [cispoSurrogate(), surrogate],
  [cispoSurrogate({ minRatio: 0.8, maxRatio: 1.28 }), surrogate],
  [sapoSurrogate(), [...surrogate, "differentiable"]],
  [geometricMeanSurrogate(), [...surrogate, "differentiable"]],
  [policyGradient(), [...surrogate, "differentiable"]],
  [importanceSampling(), [...surrogate, "differentiable"]],
  [klPenalty({ estimator: "k1" }), ["differentiable"]],
  [klPenalty({ estimator: "absolute" }), ["differentiable", "non-negative"]],
  [klPenalty({ estimator: "k2" }), ["differentiable", "non-negative"]],
  [klPenalty(), ["differentiable", "non-negative"]],
  [klPenalty({ limit: 1 }), ["differentiable", "non-negative"]],
  [klPenalty({ correction: "ratio" }), ["differentiable", "non-negative"]],
  [klPenalty({ gradient: "k2" }), ["non-negative"]],
  [entropyBonus(), ["differentiable"]],
  [valueLoss(), ["differentiable", "non-negative"]],
  [valueLoss({ clip: 0.5 }), ["differentiable", "non-negative"]],
  [
    addObjectives(
      clippedSurrogate(),
      scaleObjective(0.01, klPenalty()),
      scaleObjective(0.001, entropyBonus()),
      scaleObjective(0.5, valueLoss({ clip: 0.5 })),
    ),
    ["differentiable"],
  ],
];

describe("laws of the objectives", () => {
  for (const [objective, claims, options] of objectives) {
    itHolds(objectiveLaws(objective, claims, { numRuns: 40, ...options }));
  }
});

describe("laws of the objectives of all presets", () => {
  const byName = new Map(
    Object.values(algorithmPresets).map((preset) => {
      const { objective } = compileAlgorithm(preset);
      return [objective.name, objective];
    }),
  );
  for (const objective of byName.values()) itHolds(objectiveLaws(objective, [], { numRuns: 10 }));
});

describe("a law that does not hold", () => {
  it("names itself, its source and the smallest counterexample", () => {
    const [law] = advantageLaws("sum", (returns) => returns, ["centred"]).slice(-1);
    expect(() => law!.check()).toThrow(
      /law "sum: the advantages of a group sum to 0" \(a baseline is a mean\) does not hold\nProperty failed[^]*Counterexample: \[\[\[[^]*sum of group 0 must be 0, got /u,
    );
  });
});
