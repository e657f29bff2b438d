import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crossEntropy, type SampledResponse, type TrainingRow } from "@turnwise/core";
import { diagnoseProvider } from "../doctor/index.ts";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { describe, expect, it } from "vitest";
import { smallModelConfig } from "../model/model-config.ts";
import { initialParameters } from "../model/parameter-table.ts";
import { createTokenizer } from "../text/tokenizer.ts";
import { buildWordVocabulary } from "../text/word-vocabulary.ts";
import { compareWithHost } from "../testing/compare-with-host.ts";
import { countingExecutor } from "../testing/counting-executor.ts";
import { LearningEngine } from "../learning/learning-engine.ts";
import { createLocalPolicy, type LocalPolicy } from "./local-policy.ts";
import { type LocalPolicyOptions } from "./local-options.ts";
import { traceObjective } from "../learning/objective-program.ts";
import { parameterLayout } from "../model/parameter-layout.ts";

const diagnosis = await diagnoseProvider("webgpu");
const why = diagnosis.isUsable ? "" : ` (skipped here: ${diagnosis.detail})`;

const words = "a b c d e f g h i j k l m n";
const tokenizer = createTokenizer(buildWordVocabulary([words]));

/** Two rows of different lengths with a common prefix. */
const rows: TrainingRow[] = [9, 6].map((length) => ({
  tokens: Array.from({ length }, (_, i) => 2 + ((i * i) % 11)),
  spans: [{ turnIndex: 0, start: 2, length: length - 2 }],
  weights: new Float32Array(length - 2).fill(0.1),
  fields: {},
}));

const model = {
  ...smallModelConfig({
    vocabularySize: tokenizer.vocabularySize,
    hiddenSize: 32,
    numLayers: 2,
    numHeads: 4,
    maxSequenceTokens: 64,
  }),
  initializerRange: 0.3,
};

const create = (
  provider: "cpu" | "webgpu",
  overrides: Partial<LocalPolicyOptions> = {},
): Promise<LocalPolicy> =>
  createLocalPolicy({
    model,
    tokenizer,
    seed: 1,
    threads: 1,
    device: { provider },
    thread: "same",
    optimizer: { learningRate: { peak: 1e-2 } },
    ...overrides,
  });

describe.skipIf(!diagnosis.isUsable)(`a policy on WebGPU${why}`, () => {
  it("scores, learns and samples as on the CPU", async () => {
    const [here, there] = [await create("cpu"), await create("webgpu")];
    for (let step = 0; step < 3; step++) {
      const reports = await Promise.all(
        [here, there].map(({ learner }) => learner.update(rows, crossEntropy)),
      );
      expect(reports[1]!.loss).toBeCloseTo(reports[0]!.loss, 4);
      expect(reports[1]!.gradientNorm / reports[0]!.gradientNorm).toBeCloseTo(1, 3);
    }
    const scores = await Promise.all([here, there].map(({ learner }) => learner.score(rows)));
    scores[0]!.forEach(({ spans: [span] }, row) => {
      const other = scores[1]![row]!.spans[0]!;
      span!.logProbs.forEach((logProb, i) => expect(other.logProbs[i]).toBeCloseTo(logProb, 3));
      span!.entropies.forEach((entropy, i) => expect(other.entropies[i]).toBeCloseTo(entropy, 3));
    });
    const responses: SampledResponse[] = [];
    for (const { sampler, learner } of [here, there]) {
      await sampler.load(learner.weights());
      const request = { promptTokens: [2, 3, 6], seed: "s", maxTokens: 8, stopTokens: [] };
      responses.push(await sampler.sample(request));
    }
    expect(responses[1]!.tokens).toEqual(responses[0]!.tokens);
    responses[0]!.logProbs.forEach((logProb, i) =>
      expect(responses[1]!.logProbs[i]).toBeCloseTo(logProb, 3),
    );
    await Promise.all([here.close(), there.close()]);
  });

  it("resumes to the same bits after save and restore, with all optional parts", async () => {
    const folder = await mkdtemp(join(tmpdir(), "webgpu-"));
    const options = { adapter: { rank: 4 }, valueHead: true, recomputeLayers: true };
    const [one, other] = [await create("webgpu", options), await create("webgpu", options)];
    const first = await one.learner.reference!.score(rows);
    await one.learner.update(rows, crossEntropy);
    await one.save(folder);
    await other.learner.restore(folder);
    for (const { learner } of [one, other]) await learner.update(rows, crossEntropy);
    expect(await other.learner.score(rows)).toEqual(await one.learner.score(rows));
    expect(await one.learner.reference!.score(rows)).toEqual(first);
    await Promise.all([one.close(), other.close()]);
    await rm(folder, { recursive: true });
  });

  it("learns with float16 products and a scaled loss", async () => {
    const executor = createOnnxExecutor({ provider: "webgpu", products: "float16" });
    const counting = countingExecutor(executor);
    const engine = await LearningEngine.create(initialParameters(model, 1), {
      layout: parameterLayout(model),
      executor: counting,
      optimizer: { learningRate: { peak: 1e-2 } },
      microbatchTokens: 8,
      resident: true,
      scalesLoss: true,
    });
    const numLive = counting.numLive;
    const here = await create("cpu");
    const objective = traceObjective(crossEntropy);
    for (let step = 0; step < 3; step++) {
      const expected = await here.learner.update(rows, crossEntropy);
      const found = await engine.update(rows, objective);
      // float16 products have three significant digits.
      expect(found.loss / expected.loss).toBeCloseTo(1, 1);
      expect(found.gradientNorm / expected.gradientNorm).toBeCloseTo(1, 1);
    }
    // With large weights, a product of the backward pass overflows at the initial loss scale.
    expect(engine.lossScale!.scale).toBeGreaterThan(1024);
    expect(engine.lossScale!.numSteps).toBeGreaterThan(0);
    expect(counting.numLive).toBe(numLive);
    await Promise.all([engine.close(), here.close()]);
    expect(counting.numLive).toBe(0);
  });

  it("keeps keys and values on the device, and draws the same tokens there", async () => {
    const executor = createOnnxExecutor({ provider: "webgpu" });
    const { responses, entropies } = await compareWithHost(executor);
    expect(responses.there).toEqual(responses.here);
    expect(entropies.there).toEqual(entropies.here);
  });
});
