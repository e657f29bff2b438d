import { crossEntropy, type SampledResponse, type TrainingRow } from "@turnwise/core";
import { createCudaExecutor, openCudaDevice } from "@turnwise/cuda";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { afterEach, describe, expect, it, vi } from "vitest";
import { softwareCuda } from "../../../cuda/src/testing/software-cuda.ts";
import { adapterConfig, initialAdapter } from "../model/lora.ts";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";
import { createTokenizer } from "../text/tokenizer.ts";
import { buildWordVocabulary } from "../text/word-vocabulary.ts";
import { countingExecutor } from "../testing/counting-executor.ts";
import { LearningEngine } from "../learning/learning-engine.ts";
import { createLocalPolicy } from "./local-policy.ts";
import { traceObjective } from "../learning/objective-program.ts";
import { learnerOptions, type LearnerOverrides } from "../testing/learner-options.ts";

const software = softwareCuda();
const why = software.missing === undefined ? "" : ` (skipped here: ${software.missing})`;
const device =
  software.path === undefined ? undefined : await openCudaDevice({ path: software.path });

afterEach(() => vi.unstubAllEnvs());

const config = {
  ...smallModelConfig({ vocabularySize: 20, hiddenSize: 16, numLayers: 2, maxSequenceTokens: 32 }),
  initializerRange: 0.2,
};
const parameters = initialParameters(config, 3);
const adapter = initialAdapter(config, parameters, adapterConfig(config, { rank: 4 }), 7);

/** Rows with a common prefix, which give two microbatches. */
const rows = [12, 9, 14].map((length): TrainingRow => ({
  tokens: Array.from({ length }, (_, i) => (i * i + (i > 4 ? length : 0)) % 20),
  spans: [{ turnIndex: 0, start: 2, length: length - 2 }],
  weights: new Float32Array(length - 2).fill(1 / 30),
  fields: {},
}));

const create = (options: LearnerOverrides): Promise<LearningEngine> =>
  LearningEngine.create(parameters, {
    executor: createOnnxExecutor({ threads: 1 }),
    microbatchTokens: 16,
    optimizer: { learningRate: { peak: 0.01 }, weightDecay: 0.1 },
    ...learnerOptions(config, options),
  });

describe.skipIf(!device)(`learning on CUDA${why}`, () => {
  const cuda = (products: "float32" | "bfloat16" = "float32") =>
    countingExecutor(createCudaExecutor({ ...(device && { device }), products }));

  it.for<[string, LearnerOverrides]>([
    ["all weights", { keepReference: true }],
    ["a value head, recomputed layers", { valueHead: true, recomputeLayers: true }],
    ["an adapter, chunked logits", { adapter, maxLogits: 120 }],
  ])("equals learning on the CPU: %s", async ([, options]) => {
    const executor = cuda();
    const here = await create(options);
    const there = await create({ ...options, executor, resident: true });
    const objective = traceObjective(crossEntropy);
    for (let step = 0; step < 3; step++) {
      const expected = await here.update(rows, objective);
      const found = await there.update(rows, objective);
      expect(found.loss).toBeCloseTo(expected.loss, 4);
      expect(found.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 4);
    }
    const table = learnerOptions(config, options).layout.trained;
    for (const { name } of table) {
      const expected = await here.reader.secondMoment(name);
      const found = await there.reader.secondMoment(name);
      const largest = expected.reduce((most, x) => Math.max(most, x), 1e-12);
      // After three steps, with float32 sums in a different order.
      expected.forEach((x, i) => expect(Math.abs(found[i]! - x) / largest).toBeLessThan(1e-2));
    }
    const numLive = executor.numLive;
    await there.update(rows, objective);
    expect(executor.numLive).toBe(numLive);
    await Promise.all([here.close(), there.close()]);
    expect(executor.numLive).toBe(0);
  });

  it("learns with products in bfloat16", async () => {
    const here = await create({});
    const there = await create({ executor: cuda("bfloat16"), resident: true });
    const objective = traceObjective(crossEntropy);
    const losses: number[] = [];
    for (let step = 0; step < 8; step++) {
      const expected = await here.update(rows, objective);
      const found = await there.update(rows, objective);
      losses.push(found.loss);
      // bfloat16 factors have eight significant bits.
      expect(found.loss / expected.loss).toBeCloseTo(1, 1);
      expect(Math.abs(found.gradientNorm / expected.gradientNorm - 1)).toBeLessThan(0.1);
    }
    expect(losses.at(-1)!).toBeLessThan(0.9 * losses[0]!);
    await Promise.all([here.close(), there.close()]);
  });

  it("leaves weights unchanged that another holder uses, and updates others in place", async () => {
    const engine = await create({ executor: cuda(), resident: true });
    const objective = traceObjective(crossEntropy);
    const name = "model.layers.0.mlp.up_proj.weight";
    const held = engine.share()!;
    const before = await held.get(name)!.read();
    for (let step = 0; step < 3; step++) await engine.update(rows, objective);
    expect(await held.get(name)!.read()).toEqual(before);
    expect(await engine.reader.parameter(name)).not.toEqual(before);
    held.release();
    await engine.update(rows, objective);
    await engine.close();
  });

  it("is the device of a policy, its sampler included", async () => {
    vi.stubEnv("TURNWISE_CUDA_PATH", software.path);
    const tokenizer = createTokenizer(buildWordVocabulary(["a b c d e f g h i j k l m n o p"]));
    const model = { ...config, vocabularySize: tokenizer.vocabularySize };
    const policies = await Promise.all(
      (["cpu", "cuda"] as const).map((provider) =>
        createLocalPolicy({
          model,
          tokenizer,
          device: { provider },
          thread: "same",
          threads: 1,
          optimizer: { learningRate: { peak: 0.01 } },
        }),
      ),
    );
    const known = rows.map((row) => ({
      ...row,
      tokens: row.tokens.map((token) => token % tokenizer.vocabularySize),
    }));
    const responses: SampledResponse[] = [];
    for (const { learner, sampler } of policies) {
      for (let step = 0; step < 2; step++) await learner.update(known, crossEntropy);
      await sampler.load(learner.weights());
      await learner.update(known, crossEntropy);
      const request = { promptTokens: [2, 3, 6], seed: "s", maxTokens: 6, stopTokens: [] };
      responses.push(await sampler.sample(request));
    }
    expect(responses[1]!.tokens).toEqual(responses[0]!.tokens);
    responses[0]!.logProbs.forEach((logProb, i) =>
      expect(responses[1]!.logProbs[i]).toBeCloseTo(logProb, 3),
    );
    await Promise.all(policies.map((policy) => policy.close()));
  });
});
