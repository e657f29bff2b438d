/** An agent learns to find a number in three guesses: GRPO with AEM, from random weights. */
import { modulationCoefficients } from "@turnwise/aem";
import { createRandom, isSuccess, mean, trajectoryRows, type Group } from "@turnwise/core";
import { rolloutGroup } from "@turnwise/envs";
import {
  clippedSurrogate,
  hasLearningSignal,
  rowAdvantages,
  rowScores,
} from "@turnwise/estimators";
import { buildWordVocabulary, createTokenizer, smallModelConfig } from "@turnwise/policy";
import { createLocalPolicy } from "@turnwise/policy/local";
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
const objective = clippedSurrogate();
const options = { maxTurns: 3, maxResponseTokens: 2, invalidActionPenalty: 0.1 };

for (let iteration = 1; iteration <= iterations; iteration++) {
  const policyVersion = await policy.sampler.load(policy.learner.weights()); // collect
  const parts = {
    createEnvironment,
    format,
    sampler: policy.sampler,
    tokenizer,
    policyVersion,
    options,
  };
  const groups: Group[] = await Promise.all(
    Array.from({ length: 49 }, (_, slot) => {
      const id = `${iteration}/${slot}`;
      const task = { id: String(1 + (slot % 7)), kind: "number" };
      return rolloutGroup(task, 8, parts, { id, random: random.fork(id) });
    }),
  );
  const kept = groups.filter((group) => hasLearningSignal(rowScores(group).flat())); // select
  const advantages = rowAdvantages(kept, { scale: "none" }); // estimate

  const rows = kept.map(({ trajectories }) => trajectories.flatMap(trajectoryRows));
  const scored = await policy.learner.score(rows.flat()); // score
  const numTokens = scored
    .flatMap(({ spans }) => spans)
    .reduce((sum, s) => sum + s.logProbs.length, 0);
  const samples = rows.flatMap((members, group) => {
    const scores = scored.splice(0, members.length).map(({ spans }) => spans);
    const coefficients = modulationCoefficients(scores.flat().map((s) => mean(s.entropies))); // modulate
    return members.map((row, member) => {
      const spans = scores[member]!;
      const credits = spans.map(
        (_, turn) => advantages[group]![member]![turn]! * coefficients.shift()!,
      );
      const oldLogProbs = Float32Array.from(spans.flatMap((span) => [...span.logProbs]));
      const spread = spans.flatMap(({ logProbs }, turn) =>
        Array.from(logProbs, () => credits[turn]!),
      );
      const fields = { oldLogProbs, advantages: Float32Array.from(spread) };
      return { ...row, weights: oldLogProbs.map(() => 1 / numTokens), fields };
    });
  });
  if (samples.length > 0) await policy.learner.update(samples, objective); // update

  if (iteration % 10 === 0 || iteration === 1) {
    const found = groups.flatMap(({ trajectories }) => trajectories.map(isSuccess));
    const share = mean(found.map(Number));
    console.log(`iteration ${String(iteration).padStart(2)}: found ${(100 * share).toFixed(0)}%`);
  }
}
await policy.close();
