/** Trains without the command line: an iteration is a function that your own loop calls. */
import { createRandom } from "@turnwise/core";
import { buildWordVocabulary, createTokenizer, smallModelConfig } from "@turnwise/policy";
import { createLocalPolicy } from "@turnwise/policy/local";
import { openExperiment, trainIteration } from "@turnwise/training";
import experiment from "./experiment.ts";

const { settings, tasks, algorithm, modulator } = await openExperiment(experiment(1));
const tokenizer = createTokenizer(buildWordVocabulary(tasks.vocabularyTexts ?? []));
const { vocabularySize } = tokenizer;
const small = smallModelConfig({ vocabularySize, hiddenSize: 32, numLayers: 2 });
const policy = await createLocalPolicy({
  model: { ...small, initializerRange: 0.1 },
  tokenizer,
  seed: 1,
  optimizer: { learningRate: { peak: 4e-3 } },
});

for (let iteration = 1; iteration <= 5; iteration++) {
  const { metrics } = await trainIteration(iteration, {
    drawTasks: (_iteration, _round, count) =>
      Array.from({ length: count }, (_, slot) => tasks.training[slot % tasks.training.length]!),
    rolloutParts: { ...tasks, tokenizer, options: settings.episode },
    sampler: policy.sampler,
    learner: policy.learner,
    algorithm,
    modulator,
    settings: settings.training,
    random: createRandom(1),
  });
  console.log(`iteration ${iteration}: success ${metrics["success"]}, return ${metrics["return"]}`);
}
await policy.close();
