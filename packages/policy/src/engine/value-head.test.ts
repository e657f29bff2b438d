import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crossEntropy, type Objective, type TrainingRow } from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { expect, test } from "vitest";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";
import { createTokenizer } from "../text/tokenizer.ts";
import { buildWordVocabulary } from "../text/word-vocabulary.ts";
import { LearningEngine } from "../learning/learning-engine.ts";
import { createLocalPolicy, type LocalPolicy } from "./local-policy.ts";
import { traceObjective } from "../learning/objective-program.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

const config = smallModelConfig({ vocabularySize: 20, hiddenSize: 32, numLayers: 2 });

/** Half the squared error between values and returns. */
const valueLoss: Objective = {
  name: "value-loss",
  needs: ["values", "returns"],
  evaluate: (ops, { weights, fields }) => {
    const error = ops.subtract(fields.values!, fields.returns!);
    const squared = ops.multiply(ops.multiply(error, error), 0.5);
    return { loss: ops.sum(ops.multiply(weights, squared)), metrics: {} };
  },
};

/** Row of consecutive tokens, with responses of three tokens at 2 and 8. */
const row = (first: number, returns: readonly number[]): TrainingRow => ({
  tokens: Array.from({ length: 12 }, (_, i) => (first + 7 * i) % 20),
  spans: [2, 8].map((start, turnIndex) => ({ turnIndex, start, length: 3 })),
  weights: new Float32Array(6).fill(1 / 12),
  fields: { returns: Float32Array.from(returns) },
});
const rows = [row(1, [1, 1, 1, 2, 2, 2]), row(4, [0, 0, 0, -1, -1, -1])];

const layout = parameterLayout(config, { valueHead: true });
const createEngine = (): Promise<LearningEngine> =>
  LearningEngine.create(initialParameters(config, 3), {
    layout,
    executor: createOnnxExecutor({ threads: 2 }),
    microbatchTokens: 16,
    optimizer: { learningRate: { peak: 0.02 } },
  });

test("predicts 0 at first, and learns the returns", async () => {
  const engine = await createEngine();
  const objective = traceObjective(valueLoss);
  const [first] = await engine.score(rows);
  expect(first!.spans.map(({ values }) => values)).toEqual([
    new Float32Array(3),
    new Float32Array(3),
  ]);
  // (3 * 1 + 3 * 4 + 3 * 0 + 3 * 1) / 2 / 12.
  expect((await engine.update(rows, objective)).loss).toBeCloseTo(0.75, 5);
  let loss = 1;
  for (let step = 0; step < 60; step++) ({ loss } = await engine.update(rows, objective));
  expect(loss).toBeLessThan(0.01);
  const scored = await engine.score(rows);
  scored.forEach(({ spans }, i) =>
    spans.forEach(({ values }, span) =>
      values!.forEach((value, t) =>
        expect(Math.abs(value - rows[i]!.fields.returns![3 * span + t]!)).toBeLessThan(0.5),
      ),
    ),
  );
  await engine.close();
});

test("has the gradient found by central differences", async () => {
  const engine = await createEngine();
  const objective = traceObjective(valueLoss);
  // After one update the value head is not 0, so the model gets a gradient too.
  await engine.update(rows, objective);
  const base = new Map<string, Float32Array>();
  for (const { name } of layout.trained) {
    base.set(name, (await engine.reader.parameter(name)).slice());
  }
  const { gradientNorm } = await engine.update(rows, objective);
  const gradient = new Map(
    [...base.keys()].map((name) => [name, engine.gradient(name).slice()] as const),
  );
  expect(gradient.get("model.layers.0.mlp.up_proj.weight")!.some((x) => x !== 0)).toBe(true);
  const size = 5e-3;
  const at = async (distance: number): Promise<number> => {
    const moved = [...base].map(([name, values]) => {
      const along = gradient.get(name)!;
      return [name, values.map((x, i) => x + (distance / gradientNorm) * along[i]!)] as const;
    });
    await engine.restore(new Map(moved));
    return (await engine.update(rows, objective)).loss;
  };
  const slope = ((await at(size)) - (await at(-size))) / (2 * size);
  expect(slope / gradientNorm).toBeCloseTo(1, 2);
  await engine.close();
});

test("leaves the head unchanged if no objective needs values", async () => {
  const engine = await createEngine();
  await engine.update(rows, traceObjective(crossEntropy));
  expect(await engine.reader.parameter("value_head.weight")).toEqual(new Float32Array(32));
  await engine.close();
});

test("is named by the error if it is missing", async () => {
  const engine = await LearningEngine.create(initialParameters(config, 3), {
    layout: parameterLayout(config),
    executor: createOnnxExecutor({ threads: 2 }),
    microbatchTokens: 64,
    optimizer: { learningRate: { peak: 0.02 } },
  });
  await expect(engine.update(rows, traceObjective(valueLoss))).rejects.toThrow(
    "update: valueHead must be true for objective value-loss, which reads values, got false",
  );
  await engine.close();
});

test("is saved next to the model and resumes exactly", async () => {
  const folder = await mkdtemp(join(tmpdir(), "value-head-"));
  const words = Array.from({ length: 17 }, (_, i) => `w${i}`).join(" ");
  const tokenizer = createTokenizer(buildWordVocabulary([words]));
  const model = { ...config, vocabularySize: Math.max(20, tokenizer.vocabularySize) };
  const start = (): Promise<LocalPolicy> =>
    createLocalPolicy({ model, tokenizer, valueHead: true, seed: 1, thread: "same" });
  const [one, other] = [await start(), await start()];
  expect(one.learner.capabilities.values).toBe(true);
  expect(one.info.numTrainedParameters).toBe(one.info.numParameters + 33);
  await one.learner.update(rows, valueLoss);
  await one.save(folder);
  await other.learner.restore(folder);
  for (const policy of [one, other]) await policy.learner.update(rows, valueLoss);
  expect(await other.learner.score(rows)).toEqual(await one.learner.score(rows));

  // A learner without a value head has a different shape.
  const plain = await createLocalPolicy({ model, tokenizer, thread: "same" });
  await expect(plain.learner.restore(folder)).rejects.toThrow("value_head.weight");
  for (const policy of [one, other, plain]) await policy.close();
  await rm(folder, { recursive: true });
});
