/** Trains an agent to find a number in three guesses, with GRPO and AEM, from random weights. */
import { compileModulator } from "@turnwise/aem";
import { createRandom } from "@turnwise/core";
import { compileAlgorithm, drGrpo, grpoPresets } from "@turnwise/estimators";
import { buildWordVocabulary, createTokenizer, smallModelConfig } from "@turnwise/policy";
import { createLocalPolicy } from "@turnwise/policy/local";
import { trainIteration } from "@turnwise/training";
import { createEnvironment, format } from "../03-own-environment/guess-number.ts";

const tokenizer = createTokenizer(
  buildWordVocabulary(["guess 1 2 3 4 5 6 7 more less what found"]),
);
const { vocabularySize } = tokenizer;
const small = smallModelConfig({ vocabularySize, hiddenSize: 64, numLayers: 2 });
const iterations = 60;
const policy = await createLocalPolicy({
  model: { ...small, initializerRange: 0.1 },
  tokenizer,
  seed: 1,
  optimizer: { learningRate: { peak: 4e-3, decay: "linear", totalSteps: 2 * iterations } },
});
const random = createRandom(1);
const algorithm = compileAlgorithm({
  ...drGrpo,
  advantages: {
    kind: "group",
    ...grpoPresets.drGrpo,
    credit: "response",
    statisticsOver: "responses",
  },
  aggregation: { kind: "token-mean" },
});
const modulator = compileModulator({ kind: "aem" });

for (let iteration = 1; iteration <= iterations; iteration++) {
  const { metrics } = await trainIteration(iteration, {
    drawTasks: (_iteration, _round, count) =>
      Array.from({ length: count }, (_, slot) => ({ id: String(1 + (slot % 7)), kind: "number" })),
    rolloutParts: {
      createEnvironment,
      format,
      tokenizer,
      options: { maxTurns: 3, maxResponseTokens: 2, invalidActionPenalty: 0.1 },
    },
    sampler: policy.sampler,
    learner: policy.learner,
    algorithm,
    modulator,
    settings: { groupsPerIteration: 49, groupSize: 8, minibatches: 1, epochs: 1 },
    random,
  });
  if (iteration % 10 === 0 || iteration === 1) {
    const share = (100 * metrics["success"]!).toFixed(0);
    console.log(`iteration ${String(iteration).padStart(2)}: found ${share}%`);
  }
}
await policy.close();
