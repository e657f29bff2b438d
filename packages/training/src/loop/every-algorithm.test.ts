import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileModulator, modulators, type ModulatorRecord } from "@turnwise/aem";
import {
  createRandom,
  type Learner,
  type Objective,
  type Presentation,
  type ScoredRow,
  type TrainingRow,
} from "@turnwise/core";
import type { AgentFormat, EnvironmentFactory } from "@turnwise/envs";
import {
  algorithmPresets,
  algorithmSchema,
  compileAlgorithm,
  grpo,
  reinforce,
  type Algorithm,
} from "@turnwise/estimators";
import {
  buildWordVocabulary,
  createTokenizer,
  readSafetensors,
  smallModelConfig,
} from "@turnwise/policy";
import { createLocalPolicy } from "@turnwise/policy/local";
import { afterAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { trainIteration, type IterationReport, type TrainerParts } from "./iteration.ts";
import { linearObjective, computePlainSlopes } from "../testing/compute-plain-slopes.ts";

/**
 * Environment of two turns; the reward of a turn increases with the mean of the digits in the
 * action.
 */
const createEnvironment: EnvironmentFactory = async () => {
  let numTurns = 0;
  return {
    reset: async () => ({ text: "say" }),
    step: async (action) => {
      numTurns += 1;
      const digits = action.split(" ").map(Number).filter(Number.isFinite);
      const reward = digits.reduce((sum, digit) => sum + digit, 0) / (7 * (digits.length + 1));
      const text = reward > 0.4 ? "much" : "little";
      return { text, reward, isTerminal: numTurns === 2, isSuccess: reward > 0.4 };
    },
    close: async () => undefined,
  };
};

/** Format in which the first word is the reasoning, and all others are the action. */
const format = (presentation: Presentation): AgentFormat => ({
  presentation,
  prompt: (_history, { text }) => `${text} `,
  write: (action) => action,
  parse: (response) => ({ action: response.trim(), isValid: response.trim() !== "" }),
  roles: (response) => {
    const first = response.indexOf(" ");
    if (first <= 0) return [{ role: "action", start: 0, end: response.length }];
    return [
      { role: "reasoning", start: 0, end: first },
      { role: "action", start: first, end: response.length },
    ];
  },
});

const folder = await mkdtemp(join(tmpdir(), "turnwise-algorithms-"));
const tokenizer = createTokenizer(buildWordVocabulary(["say much little 0 1 2 3 4 5 6 7"]));
const policy = await createLocalPolicy({
  // Use large initial weights, so that entropies and values differ between responses.
  model: {
    ...smallModelConfig({
      vocabularySize: tokenizer.vocabularySize,
      hiddenSize: 16,
      numLayers: 1,
      maxSequenceTokens: 32,
    }),
    initializerRange: 0.5,
  },
  tokenizer,
  seed: 3,
  threads: 1,
  thread: "same",
  keepReference: true,
  valueHead: true,
  // With a large epsilon, the step is nearly proportional to the gradient. With a small epsilon it
  // would be nearly the sign of the gradient, and rounding could flip the sign where the gradient
  // is 0.
  optimizer: { learningRate: { peak: 0.2 }, epsilon: 1, maxGradientNorm: Infinity },
});
const atStart = join(folder, "start");
await policy.learner.save(atStart);
afterAll(async () => {
  await policy.close();
  await rm(folder, { recursive: true });
});

/** Reads all weights of the learner, including the value head, as one list. */
async function readWeights(directory: string): Promise<Float64Array> {
  const values: number[] = [];
  for (const file of ["model.safetensors", "value_head.safetensors"]) {
    const { tensors } = await readSafetensors(join(directory, file));
    for (const name of [...tensors.keys()].sort()) values.push(...tensors.get(name)!.values);
  }
  return Float64Array.from(values);
}

const distance = (a: Float64Array, b: Float64Array): number =>
  Math.hypot(...a.map((value, i) => value - b[i]!));

/** Evaluates an objective on plain arrays under the current weights of the learner. */
function onPlainArrays(
  objective: Objective,
  rows: readonly TrainingRow[],
  scores: readonly ScoredRow[],
) {
  const spans = scores.flatMap((row) => row.spans);
  const flat = (parts: readonly Float32Array[]): Float64Array =>
    Float64Array.from(parts.flatMap((part) => [...part]));
  const values = flat(spans.map((span) => span.values!));
  return computePlainSlopes(objective, {
    newLogProbs: flat(spans.map(({ logProbs }) => logProbs)),
    entropies: flat(spans.map(({ entropies }) => entropies)),
    weights: flat(rows.map(({ weights }) => weights)),
    responses: {
      ids: Int32Array.from(spans.flatMap(({ logProbs }, id) => Array.from(logProbs, () => id))),
      count: spans.length,
    },
    fields: Object.fromEntries(
      objective.needs.map((name) => [
        name,
        name === "values" ? values : flat(rows.map(({ fields }) => fields[name]!)),
      ]),
    ),
  });
}

/**
 * Wraps the learner so that each update is compared with the objective evaluated on plain arrays:
 * loss, metrics and the change of the weights must be the same.
 */
function checkedLearner(onUpdate: (change: number) => void): Learner {
  const { learner } = policy;
  return {
    ...learner,
    capabilities: learner.capabilities,
    score: (rows) => learner.score(rows),
    weights: () => learner.weights(),
    save: (directory) => learner.save(directory),
    restore: (directory) => learner.restore(directory),
    update: async (rows, objective) => {
      const [before, after, expected] = ["before", "after", "expected"].map((name) =>
        join(folder, name),
      ) as [string, string, string];
      const plain = onPlainArrays(objective, rows, await learner.score(rows));
      await learner.save(before);
      const report = await learner.update(rows, objective);
      // Float32 has seven digits; log-probs of large weights lose two of them.
      const near = (got: number | undefined, wanted: number): void =>
        expect(Math.abs(got! - wanted)).toBeLessThan(1e-4 * (1 + Math.abs(wanted)));
      near(report.loss, plain.loss);
      expect(Object.keys(report.metrics).sort()).toEqual(Object.keys(plain.metrics).sort());
      for (const [name, value] of Object.entries(plain.metrics)) {
        near(report.metrics[name], value);
      }
      await learner.save(after);
      await learner.restore(before);
      await learner.update(withSlopes(rows, plain), linearObjective);
      await learner.save(expected);
      await learner.restore(after);
      const [old, changed, wanted] = [
        await readWeights(before),
        await readWeights(after),
        await readWeights(expected),
      ];
      const change = distance(changed, old);
      expect(distance(changed, wanted)).toBeLessThan(1e-3 * change);
      onUpdate(change);
      return report;
    },
  };
}

/** Creates rows whose fields are the gradients for {@link linearObjective}. */
function withSlopes(
  rows: readonly TrainingRow[],
  { newLogProbs, entropies, values }: ReturnType<typeof computePlainSlopes>,
): TrainingRow[] {
  let start = 0;
  return rows.map((row) => {
    const { length } = row.weights;
    const part = (slopes: Float64Array): Float32Array =>
      slopes.length === 0
        ? new Float32Array(length)
        : Float32Array.from(slopes.subarray(start, start + length));
    const fields = {
      advantages: part(newLogProbs),
      returns: part(entropies),
      oldValues: part(values),
    };
    start += length;
    return { ...row, weights: new Float32Array(length).fill(1), fields };
  });
}

/** Trains the policy from its initial weights for two iterations. */
async function trainTwice(
  algorithm: Algorithm,
  modulation: ModulatorRecord,
  presentation: Presentation = "turn-wise",
  surrogate?: Objective,
): Promise<{ readonly reports: readonly IterationReport[]; readonly weights: Float64Array }> {
  await policy.learner.restore(atStart);
  let numChanged = 0;
  const compiled = compileAlgorithm(algorithm, surrogate && { surrogate });
  const parts: TrainerParts = {
    drawTasks: (_iteration, round, count) =>
      Array.from({ length: count }, (_, i) => ({ id: `task-${round}-${i}`, kind: "say" })),
    rolloutParts: {
      createEnvironment,
      format: format(presentation),
      tokenizer,
      options: { maxTurns: 2, maxResponseTokens: 4, invalidActionPenalty: 0.1 },
    },
    sampler: policy.sampler,
    learner: checkedLearner((change) => {
      if (change > 1e-4) numChanged += 1;
    }),
    reference: policy.learner.reference,
    algorithm: compiled,
    modulator: compileModulator(modulation),
    settings: {
      groupsPerIteration: 2,
      groupSize: 4,
      // In the second optimizer step of an iteration, ratios differ from 1.
      minibatches: compiled.needs.onPolicy ? 1 : 2,
      epochs: 1,
    },
    random: createRandom(5),
  };
  const first = await trainIteration(1, parts);
  const second = await trainIteration(2, { ...parts, algorithmState: first.algorithmState });
  expect(numChanged).toBe(compiled.needs.onPolicy ? 2 : 4);
  await policy.learner.save(join(folder, "end"));
  return { reports: [first, second], weights: await readWeights(join(folder, "end")) };
}

describe("every preset trains like its objective on plain arrays", () => {
  it.for(Object.entries(algorithmPresets))("%s", async ([, algorithm]) => {
    await trainTwice(algorithm, modulators.none!);
  });
});

/** Surrogates of every kind; the clipped surrogate at every ratio level. */
const surrogates: readonly Algorithm["surrogate"][] = [
  { kind: "clipped" },
  { kind: "clipped", clipLow: 0.2, clipHigh: 0.28, dualClip: 3 },
  { kind: "clipped", ratioCap: 1.1 },
  { kind: "clipped", ratioLevel: "response" },
  { kind: "clipped", ratioLevel: "response-token" },
  { kind: "cispo", minRatio: 0.8, maxRatio: 1.28 },
  { kind: "sapo" },
  { kind: "gmpo" },
  { kind: "policy-gradient" },
  { kind: "importance-sampling" },
  { kind: "custom", name: "squared-log-ratio" },
];

/** A custom loss: a squared log-ratio plus the policy gradient. */
const squaredLogRatio: Objective = {
  name: "squared-log-ratio",
  needs: ["oldLogProbs", "advantages"],
  evaluate: (operations, { newLogProbs, weights, fields }) => {
    const logRatios = operations.subtract(newLogProbs, fields.oldLogProbs!);
    const squares = operations.multiply(logRatios, logRatios);
    const gain = operations.multiply(fields.advantages!, newLogProbs);
    const loss = operations.multiply(weights, operations.subtract(squares, gain));
    return { loss: operations.sum(loss), metrics: { weight: operations.sum(weights) } };
  },
};

describe("every surrogate trains like its objective on plain arrays", () => {
  it.for(surrogates.map((surrogate) => [JSON.stringify(surrogate), surrogate] as const))(
    "%s",
    async ([, surrogate]) => {
      const base = surrogate.kind === "policy-gradient" ? reinforce : grpo;
      const { reports } = await trainTwice(
        { ...base, surrogate },
        modulators.none!,
        "concatenated",
        surrogate.kind === "custom" ? squaredLogRatio : undefined,
      );
      // The optimizer steps are large enough to exceed the clip bounds, so that clipping is tested
      // too.
      const clipped = reports.flatMap(({ metrics }) => metrics["clipFraction"] ?? []);
      expect(clipped.length === 0 || Math.max(...clipped) > 0).toBe(true);
    },
  );

  it("covers all kinds of surrogates", () => {
    const { surrogate } = (algorithmSchema as unknown as z.ZodObject<{ surrogate: z.ZodType }>)
      .shape;
    const { anyOf, oneOf } = z.toJSONSchema(surrogate, { io: "input" });
    const kinds = (anyOf ?? oneOf)!.map(
      (option) => (option.properties!["kind"] as { readonly const: string }).const,
    );
    expect(kinds.length).toBeGreaterThan(0);
    expect(new Set(surrogates.map(({ kind }) => kind))).toEqual(new Set(kinds));
  });
});

const coefficientsOf = (reports: readonly IterationReport[]): number[] =>
  reports.flatMap(({ credited }) =>
    credited.flatMap(({ responses }) => responses.map(({ coefficient }) => coefficient)),
  );

describe("every modulator trains, and differs from none", () => {
  let unmodulated: Float64Array;
  it("none", async () => {
    const identity = await trainTwice(grpo, modulators.none!);
    unmodulated = identity.weights;
    expect(coefficientsOf(identity.reports).every((coefficient) => coefficient === 1)).toBe(true);
  });

  const others = Object.entries(modulators).filter(([name]) => name !== "none");
  it.for(others)("%s", async ([, modulation]) => {
    const { weights, reports } = await trainTwice(grpo, modulation);
    const coefficients = coefficientsOf(reports);
    expect(coefficients.some((coefficient) => Math.abs(coefficient - 1) > 1e-3)).toBe(true);
    expect(distance(weights, unmodulated)).toBeGreaterThan(1e-5);
  });
});
