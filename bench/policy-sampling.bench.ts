/**
 * How many tokens a local policy samples a second: concurrent episodes whose context grows turn by
 * turn. Run: npx tsx --conditions=turnwise-source bench/policy-sampling.bench.ts
 */
import { createRandom, type Sampler } from "@turnwise/core";
import { buildWordVocabulary, createTokenizer, smallModelConfig } from "@turnwise/policy";
import { createLocalPolicy } from "@turnwise/policy/local";

const numEpisodes = 128;
const numTurns = 15;
const promptTokens = 20;
const responseTokens = 6;

const words = Array.from({ length: 298 }, (_, i) => `word${i}`);
const tokenizer = createTokenizer(buildWordVocabulary([], { words }));
const policy = await createLocalPolicy({
  model: smallModelConfig({ vocabularySize: tokenizer.vocabularySize }),
  tokenizer,
  seed: 1,
});

/** One episode: each turn brings new prompt tokens, then a response. */
async function episode(sampler: Sampler, name: string, keepsCache: boolean): Promise<void> {
  const random = createRandom(name);
  const context: number[] = [];
  for (let turn = 0; turn < numTurns; turn++) {
    for (let i = 0; i < promptTokens; i++) context.push(random.integer(300));
    const { tokens } = await sampler.sample({
      promptTokens: [...context],
      seed: `${name}/${turn}`,
      maxTokens: responseTokens,
      stopTokens: [],
      ...(keepsCache ? { sequenceId: name } : {}),
    });
    context.push(...tokens);
  }
  sampler.release(name);
}

async function measure(label: string, concurrent: number, keepsCache: boolean): Promise<number> {
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: concurrent }, (_, i) => episode(policy.sampler, `${i}`, keepsCache)),
  );
  const seconds = (performance.now() - begin) / 1000;
  const sampled = (concurrent * numTurns * responseTokens) / seconds;
  const context = concurrent * numTurns * (promptTokens + responseTokens);
  console.log(
    `${label.padEnd(34)} ${sampled.toFixed(0).padStart(6)} sampled/s ${(context / seconds).toFixed(0).padStart(7)} context tokens/s  (${seconds.toFixed(2)} s)`,
  );
  return sampled;
}

console.log(`${policy.info.numParameters} parameters, ${numTurns} turns`);
await measure("warm-up", 16, true);
const ratios: number[][] = [];
for (let round = 0; round < 3; round++) {
  const many = await measure(`${numEpisodes} episodes, cache kept`, numEpisodes, true);
  const few = await measure("16 episodes, cache kept", 16, true);
  const anew = await measure("32 episodes, prompt read anew", 32, false);
  const kept = await measure("32 episodes, cache kept", 32, true);
  ratios.push([many / few, kept / anew]);
}
const median = (list: number[]): number => list.toSorted((a, b) => a - b)[1]!;
console.log(`128 episodes / 16 episodes:       ${median(ratios.map(([a]) => a!)).toFixed(2)}x`);
console.log(`cache kept / prompt read anew:    ${median(ratios.map(([, b]) => b!)).toFixed(2)}x`);
await policy.close();
