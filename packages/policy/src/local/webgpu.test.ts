import { crossEntropy, type SampledResponse, type TrainingRow } from "@turnwise/core";
import { diagnoseProvider } from "@turnwise/graph/diagnosis";
import { describe, expect, it } from "vitest";
import { smallModelConfig } from "../model-config.ts";
import { createTokenizer } from "../tokenizer.ts";
import { buildWordVocabulary } from "../word-vocabulary.ts";
import { createLocalPolicy, type LocalPolicy } from "./local-policy.ts";

const diagnosis = await diagnoseProvider("webgpu");
const why = diagnosis.isUsable ? "" : ` (skipped here: ${diagnosis.detail})`;

const words = "a b c d e f g h i j k l m n";
const tokenizer = createTokenizer(buildWordVocabulary([words]));

/** Two rows of different lengths that begin alike. */
const rows: TrainingRow[] = [9, 6].map((length) => ({
  tokens: Array.from({ length }, (_, i) => 2 + ((i * i) % 11)),
  spans: [{ turnIndex: 0, start: 2, length: length - 2 }],
  weights: new Float32Array(length - 2).fill(0.1),
  fields: {},
}));

const create = (provider: "cpu" | "webgpu"): Promise<LocalPolicy> =>
  createLocalPolicy({
    model: {
      ...smallModelConfig({
        vocabularySize: tokenizer.vocabularySize,
        hiddenSize: 32,
        numLayers: 2,
        numHeads: 4,
        maxSequenceTokens: 64,
      }),
      initializerRange: 0.3,
    },
    tokenizer,
    seed: 1,
    threads: 1,
    device: { provider },
    thread: "same",
    optimizer: { learningRate: { peak: 1e-2 } },
  });

describe.skipIf(!diagnosis.isUsable)(`a policy on WebGPU${why}`, () => {
  it("scores, learns and samples as on the processor", async () => {
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
});
