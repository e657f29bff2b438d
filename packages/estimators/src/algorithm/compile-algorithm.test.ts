import type { Objective, Outcome } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { cispoSurrogate } from "../cispo-surrogate.ts";
import { clippedSurrogate } from "../clipped-surrogate.ts";
import { entropyBonus } from "../entropy-bonus.ts";
import { geometricMeanSurrogate } from "../geometric-mean-surrogate.ts";
import { grpoPresets } from "../grpo-presets.ts";
import { klPenalty } from "../kl-penalty.ts";
import { importanceSampling, policyGradient } from "../policy-gradient.ts";
import { rolloutCorrections } from "../rollout-correction.ts";
import { sapoSurrogate } from "../sapo-surrogate.ts";
import type { Surrogate } from "./surrogate.ts";
import { evaluatePlain } from "../testing/evaluate.ts";
import { createGroup, createGroupOfReturns } from "../testing/groups.ts";
import { valueLoss } from "../value-loss.ts";
import { algorithmPresets } from "./algorithm-presets.ts";
import { algorithmSchema, type Algorithm } from "./algorithm.ts";
import { compileAlgorithm } from "./compile-algorithm.ts";
import { cispo, dapo, deepSwe, gigpo, grpo, ppo, reinforce, reinforcePlusPlus } from "./presets.ts";

const won: Outcome = { kind: "terminated", isSuccess: true };
const cut: Outcome = { kind: "truncated", limit: "turns" };
const broken: Outcome = { kind: "failed", error: { kind: "environment", message: "gone" } };

const bare: Algorithm = {
  ...cispo,
  advantages: { kind: "group" },
  surrogate: { kind: "clipped" },
};

describe("compileAlgorithm", () => {
  const surrogates: readonly [Algorithm["surrogate"]["kind"], Objective][] = [
    ["clipped", clippedSurrogate()],
    ["cispo", cispoSurrogate()],
    ["sapo", sapoSurrogate()],
    ["gmpo", geometricMeanSurrogate()],
    ["policy-gradient", policyGradient()],
    ["importance-sampling", importanceSampling()],
  ];

  it.each(surrogates)("%s: the record has the defaults of the function", (kind, objective) => {
    expect(compileAlgorithm({ ...bare, surrogate: { kind } as Surrogate }).objective.name).toBe(
      objective.name,
    );
  });

  it("passes on every setting of a surrogate", () => {
    const logRatioLimits = [-3, 2] as const;
    const clipped = {
      clipLow: 0.1,
      clipHigh: 0.3,
      dualClip: 2,
      ratioCap: 4,
      ratioLevel: "response",
      logRatioLimits,
    } as const;
    const cispoOptions = { minRatio: 0.5, maxRatio: 2, logRatioLimits };
    const sapoOptions = { positiveTemperature: 2, negativeTemperature: 3, logRatioLimits };
    const gmpoOptions = { clipLow: 0.1, clipHigh: 0.2, logRatioLimits };
    const all: readonly [Algorithm["surrogate"], Objective][] = [
      [{ kind: "clipped", ...clipped }, clippedSurrogate(clipped)],
      [{ kind: "cispo", ...cispoOptions }, cispoSurrogate(cispoOptions)],
      [{ kind: "sapo", ...sapoOptions }, sapoSurrogate(sapoOptions)],
      [{ kind: "gmpo", ...gmpoOptions }, geometricMeanSurrogate(gmpoOptions)],
      [{ kind: "importance-sampling", logRatioLimits }, importanceSampling({ logRatioLimits })],
    ];
    for (const [surrogate, objective] of all) {
      expect(compileAlgorithm({ ...bare, surrogate }).objective.name).toBe(objective.name);
    }
  });

  it("adds divergence, bonus and value loss with their weights", () => {
    const { objective } = compileAlgorithm({
      ...ppo,
      kl: { kind: "loss", coefficient: 0.5, estimator: "k2", correction: "ratio", limit: 3 },
      entropyBonus: { kind: "bonus", coefficient: 0.25 },
      valueLoss: { kind: "squared", coefficient: 2, clip: 0.5 },
    });
    const inputs = {
      newLogProbs: [[-1, -2]],
      weights: [[0.5, 0.5]],
      entropies: [[1, 3]],
      fields: {
        oldLogProbs: [[-1.1, -2]],
        advantages: [[1, -1]],
        referenceLogProbs: [[-1.5, -1.2]],
        values: [[1, 2]],
        oldValues: [[0, 2]],
        returns: [[3, 1]],
      },
    };
    const computeLoss = (term: Objective): number => evaluatePlain(term, inputs).loss;
    expect(computeLoss(objective)).toBeCloseTo(
      computeLoss(clippedSurrogate({ dualClip: 3 })) +
        0.5 * computeLoss(klPenalty({ estimator: "k2", correction: "ratio", limit: 3 })) +
        0.25 * computeLoss(entropyBonus()) +
        2 * computeLoss(valueLoss({ clip: 0.5 })),
      12,
    );
  });

  it("reports the requirements on the loop", () => {
    const needs = (algorithm: Algorithm): string[] =>
      Object.entries(compileAlgorithm(algorithm).needs).flatMap(([need, is]) => (is ? [need] : []));
    expect(needs(ppo)).toEqual(["critic", "referenceLogProbs", "oldLogProbs"]);
    expect(needs(grpo)).toEqual(["referenceLogProbs", "oldLogProbs"]);
    expect(needs(gigpo)).toEqual(["referenceLogProbs", "oldLogProbs", "stateKeys"]);
    expect(needs(reinforce)).toEqual(["onPolicy"]);
    expect(needs(reinforcePlusPlus)).toEqual(["referenceLogProbs", "oldLogProbs"]);
    expect(
      needs({
        ...reinforce,
        advantages: { kind: "group" },
        entropyBonus: { kind: "bonus" },
        rolloutCorrection: { kind: "ratio" },
      }),
    ).toEqual(["oldLogProbs", "samplerLogProbs", "entropyGradient", "onPolicy", "siblings"]);
  });

  it("treats truncated and failed trajectories as configured", () => {
    const group = createGroup("g", [
      { turns: [{ reward: 1 }], outcome: won },
      { turns: [{}], outcome: cut },
      { turns: [{}], outcome: broken },
    ]);
    const counts = (truncation: Algorithm["truncation"]): [usable: number, trained: number] => {
      const { usable, isTrainedOn } = compileAlgorithm({ ...bare, truncation });
      const { trajectories } = usable(group);
      return [trajectories.length, trajectories.filter(isTrainedOn).length];
    };
    expect(counts({})).toEqual([2, 2]);
    expect(counts({ truncated: "mask" })).toEqual([2, 1]);
    expect(counts({ truncated: "leave-out" })).toEqual([1, 1]);
    expect(counts({ failed: "train" })).toEqual([3, 3]);
    expect(counts({ truncated: "leave-out", failed: "mask" })).toEqual([2, 1]);
  });

  it("drops flat groups only if configured, and by the compared scores", () => {
    const flat = createGroupOfReturns("g", [1, 1]);
    expect(compileAlgorithm(grpo).keep(flat)).toBe(true);
    expect(compileAlgorithm(grpo).maxRounds).toBe(1);
    expect(compileAlgorithm(dapo).keep(flat)).toBe(false);
    expect(compileAlgorithm(dapo).maxRounds).toBe(10);
    // Equal returns, but one response has a penalty.
    const penalized = createGroup("g", [
      { turns: [{ reward: 2, penalty: 1 }, {}] },
      { turns: [{ reward: 1 }, {}] },
    ]);
    expect(compileAlgorithm(dapo).keep(penalized)).toBe(true);
    const byTrajectory: Algorithm = {
      ...bare,
      groupFilter: { kind: "drop-flat", maxRounds: null, singleton: "drop" },
    };
    expect(compileAlgorithm(byTrajectory).keep(penalized)).toBe(false);
    expect(compileAlgorithm(byTrajectory).keep(createGroupOfReturns("g", [1]))).toBe(false);
    expect(compileAlgorithm(byTrajectory).maxRounds).toBeUndefined();
  });

  it.each([
    [
      { ...ppo, valueLoss: { kind: "none" } },
      'algorithm.valueLoss.kind must be "squared" with advantages.kind "generalized", because without a loss the critic never learns, got "none"',
    ],
    [
      { ...grpo, valueLoss: { kind: "squared" } },
      'algorithm.valueLoss.kind must be "none", because it has no effect with advantages.kind "group", which trains no critic, got "squared"',
    ],
    [
      { ...bare, advantages: { kind: "group", scale: "none", epsilon: 0.5 } },
      'algorithm.advantages.epsilon must be 0.000001, because it has no effect with advantages.scale "none", got 0.5',
    ],
    [
      { ...bare, advantages: { kind: "group", scale: "none", scaleOver: "batch" } },
      'algorithm.advantages.scaleOver must be "group", because it has no effect with advantages.scale "none", got "batch"',
    ],
    [
      {
        ...bare,
        advantages: { kind: "turn", baseline: "batch", scaleOver: "batch", singleton: "raw" },
      },
      'algorithm.advantages.singleton must be "zero", because it has no effect with advantages.baseline "batch" and no scale over the group, got "raw"',
    ],
    [
      { ...bare, advantages: { kind: "group", credit: "response" } },
      'algorithm.advantages.statisticsOver must be "responses" with advantages.credit "response", where each response is a member, got "trajectories"',
    ],
    [
      { ...bare, advantages: { kind: "gigpo", turnWeight: 0, discount: 0.5 } },
      "algorithm.advantages.discount must be 0.95, because it has no effect with advantages.turnWeight 0, got 0.5",
    ],
    [
      { ...bare, advantages: { kind: "discounted-returns", epsilon: 1 } },
      'algorithm.advantages.epsilon must be 1e-8, because it has no effect with advantages.whitening "none", got 1',
    ],
    [
      { ...bare, surrogate: { kind: "clipped", dualClip: 3, ratioCap: 2 } },
      "algorithm.surrogate.dualClip must be null, because it has no effect with surrogate.ratioCap 2, which already limits negative advantages, got 3",
    ],
    [
      { ...bare, surrogate: { kind: "cispo", minRatio: 2, maxRatio: 1 } },
      "algorithm.surrogate.maxRatio must be >= surrogate.minRatio (2), got 1",
    ],
    [
      { ...bare, kl: { kind: "loss", estimator: "k2", gradient: "k2" } },
      'algorithm.kl.gradient must be "own", because it has no effect with kl.estimator "k2", which has the same gradient, got "k2"',
    ],
    [
      { ...bare, kl: { kind: "reward" }, truncation: { truncated: "mask" } },
      'algorithm.truncation.truncated must be "train" or "leave-out" with kl.kind "reward", because trajectories outside the loss are not scored and have no divergence, got "mask"',
    ],
    [
      { ...bare, truncation: { overlong: { kind: "soft", maxLength: 5, buffer: 6 } } },
      "algorithm.truncation.overlong.buffer must be at most truncation.overlong.maxLength (5), got 6",
    ],
    [
      { ...bare, rolloutCorrection: { kind: "ratio", low: 3 } },
      "algorithm.rolloutCorrection.high must be >= rolloutCorrection.low (3), got 2",
    ],
    [
      { ...bare, rolloutCorrection: { kind: "ratio", dropped: "count" } },
      'algorithm.rolloutCorrection.dropped must be "leave-out", because it has no effect with rolloutCorrection.outside "limit", which drops no token, got "count"',
    ],
    [
      { ...bare, aggregation: { kind: "seq-mean-token-mean", emptySequences: "count" } },
      'algorithm.aggregation.emptySequences must be "leave-out", because it has no effect if rolloutCorrection removes no token from the aggregation, got "count"',
    ],
    [
      { ...bare, surrogate: { kind: "clipped", clipLow: 3 } },
      "algorithm.surrogate.clipLow must be <= 1, got 3",
    ],
    [
      { ...bare, surrogate: { kind: "sapo", clipLow: 0.2 } },
      "algorithm.surrogate.clipLow must be a known key of kind sapo; known keys: positiveTemperature, negativeTemperature, logRatioLimits",
    ],
    [
      { ...bare, kl: { kind: "loss", coefficient: 0 } },
      "algorithm.kl.coefficient must be > 0, got 0",
    ],
    [
      { ...bare, kl: { kind: "loss", adaptation: { kind: "adaptive" } } },
      "algorithm.kl.adaptation must be a known key of kind loss; known keys: coefficient, estimator, gradient, correction, limit",
    ],
    [
      { ...bare, aggregation: { kind: "seq-mean-token-sum-norm" } },
      "algorithm.aggregation.maxLength must be of type number, got none",
    ],
    [
      { ...bare, advantages: { kind: "grpo" } },
      'algorithm.advantages.kind must be "group" or "best-of-group" or "turn" or "gigpo" or "discounted-returns" or "reinforce-plus-plus" or "reinforce-plus-plus-baseline" or "generalized" or "custom", got "grpo"',
    ],
    [{ ...bare, critic: null }, "algorithm.critic must be a known key"],
  ])(
    "refuses contradictions, settings without effect and values out of range: %#",
    (record, message) => {
      // The type checker rejects some of these records, but files can contain them.
      const fromFile: Algorithm = JSON.parse(JSON.stringify(record));
      expect(() => compileAlgorithm(fromFile)).toThrow(`compileAlgorithm: ${message}`);
    },
  );
});

describe("tokenWeights", () => {
  const rows = [
    { numTokens: 2, group: "g" },
    { numTokens: 4, group: "g" },
  ];

  it("is the aggregation rule", () => {
    const weights = (aggregation: Algorithm["aggregation"]): number[] =>
      compileAlgorithm({ ...bare, aggregation })
        .tokenWeights(rows)
        .map((row) => row[0]!);
    const expected: readonly [Algorithm["aggregation"], number, number][] = [
      [{ kind: "token-mean" }, 1 / 6, 1 / 6],
      [{ kind: "seq-mean-token-sum" }, 1 / 2, 1 / 2],
      [{ kind: "seq-mean-token-mean" }, 1 / 4, 1 / 8],
      [{ kind: "seq-mean-token-sum-norm", maxLength: 10 }, 1 / 20, 1 / 20],
      [{ kind: "prompt-mean" }, 1 / 6, 1 / 6],
    ];
    for (const [aggregation, first, second] of expected) {
      const [a, b] = weights(aggregation);
      expect(a).toBeCloseTo(first, 7);
      expect(b).toBeCloseTo(second, 7);
    }
  });

  it("removes dropped tokens from the aggregation, or only from the loss", () => {
    // Log-ratios 0 and 3, ratios 1 and 20.1: the second token is outside [0.5, 5].
    const tokens = [
      { oldLogProbs: [-1, -1], samplerLogProbs: [-1, -4], advantages: [1, 1] },
      { oldLogProbs: [-1], samplerLogProbs: [-1], advantages: [1] },
    ];
    const weights = (dropped: "leave-out" | "count"): number[][] => {
      const { correctRollout, tokenWeights } = compileAlgorithm({
        ...bare,
        rolloutCorrection: { kind: "ratio", ...rolloutCorrections.icePop, dropped },
      });
      const corrected = correctRollout(tokens);
      expect(corrected.metrics).toMatchObject({ rolloutDropped: 1 / 3, rolloutLimited: 0 });
      return tokenWeights(
        tokens.map(({ oldLogProbs }, i) => ({
          numTokens: oldLogProbs.length,
          group: "g",
          correction: { weights: corrected.weights[i]!, isKept: corrected.isKept[i]! },
        })),
      ).map((row) => [...row]);
    };
    expect(weights("leave-out")).toEqual([[0.5, 0], [0.5]]);
    const third = Math.fround(1 / 3);
    expect(weights("count")).toEqual([[third, 0], [third]]);
  });

  it("masks sequences with a negative advantage that moved away, and nothing without a rule", () => {
    const tokens = [
      { oldLogProbs: [-3, -3], samplerLogProbs: [-1, -1], advantages: [-1, -1] },
      { oldLogProbs: [-3, -3], samplerLogProbs: [-1, -1], advantages: [1, 1] },
    ];
    const masked = compileAlgorithm({
      ...bare,
      rolloutCorrection: { kind: "off-policy-mask", maxGap: 1 },
    }).correctRollout(tokens);
    expect(masked.weights).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(masked.metrics).toEqual({ rolloutDropped: 0.5 });
    const free = compileAlgorithm(bare).correctRollout(tokens);
    expect(free.weights.flat()).toEqual([1, 1, 1, 1]);
    expect(free.isKept.flat()).toEqual([true, true, true, true]);
  });
});

describe("algorithmPresets", () => {
  it("has them by the kebab-case form of their names, and each framework's GRPO", () => {
    expect(Object.keys(algorithmPresets)).toEqual([
      "ppo",
      "grpo",
      "dapo",
      "gspo",
      "deep-swe",
      "dr-grpo",
      "rloo",
      "rloo-vectorized",
      "opo",
      "reinforce-plus-plus",
      "reinforce-plus-plus-baseline",
      "reinforce",
      "pass-at-k-grpo",
      "turn-grpo",
      "gigpo",
      "cispo",
      "sapo",
      "gmpo",
      "verl-grpo",
      "verl-agent-grpo",
      "skyrl-grpo",
      "slime-grpo",
      "trl-grpo",
      "trl-batch-grpo",
      "rllm-grpo",
      "openrlhf-grpo",
      "roll-grpo",
      "areal-grpo",
      "nemo-rl-grpo",
      "prime-rl-grpo",
      "tinker-grpo",
    ]);
    expect(algorithmPresets["nemo-rl-grpo"]!.advantages).toMatchObject(grpoPresets.nemoRl);
    expect(algorithmPresets["deep-swe"]).toBe(deepSwe);
  });

  it.each(Object.entries(algorithmPresets))(
    "%s compiles, survives JSON and stays unchanged",
    (_, preset) => {
      const { record } = compileAlgorithm(preset);
      const read: Algorithm = JSON.parse(JSON.stringify(record));
      expect(compileAlgorithm(read).record).toEqual(record);
      expect(record).toMatchObject(preset);
    },
  );
});

it("describes every field of the schema, for every kind", () => {
  /** Required fields of a record. */
  const required = ["maxLength", "buffer", "maxGap", "name"];
  const missing: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== "object" || schema === null) return;
    const { properties, oneOf, anyOf } = schema as z.core.JSONSchema.BaseSchema;
    for (const option of [...(oneOf ?? []), ...(anyOf ?? [])]) visit(option, path);
    for (const [field, child] of Object.entries(properties ?? {})) {
      if (field === "kind" || typeof child !== "object") continue;
      const isRecord = path === "algorithm";
      if (child.description === undefined) missing.push(`${path}.${field}: description`);
      if (!("default" in child) && !isRecord && !required.includes(field)) {
        missing.push(`${path}.${field}: default`);
      }
      visit(child, `${path}.${field}`);
    }
  };
  visit(z.toJSONSchema(algorithmSchema, { io: "input" }), "algorithm");
  expect(missing).toEqual([]);
});
