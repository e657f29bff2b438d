/**
 * Tokens per second that a local policy samples in concurrent episodes whose context grows turn by turn.
 * Run: npx tsx --conditions=turnwise-source bench/policy-sampling.bench.ts
 */
import { availableParallelism } from "node:os";
import { createRandom, type Sampler } from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import {
  buildWordVocabulary,
  createTokenizer,
  initialParameters,
  smallModelConfig,
} from "@turnwise/policy";
import { createLocalPolicy } from "@turnwise/policy/local";
import { SamplingEngine } from "../packages/policy/src/sampling/sampling-engine.ts";
import { parameterLayout } from "../packages/policy/src/model/parameter-layout.ts";

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

/** Plays one episode: each turn adds prompt tokens and samples a response. */
async function episode(
  sampler: Pick<Sampler, "sample" | "release">,
  name: string,
  keepsCache: boolean,
): Promise<void> {
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
  const reread = await measure("32 episodes, no prefix cache", 32, false);
  const kept = await measure("32 episodes, cache kept", 32, true);
  ratios.push([many / few, kept / reread]);
}
const median = (list: number[]): number => list.toSorted((a, b) => a - b)[1]!;
console.log(`128 episodes / 16 episodes:       ${median(ratios.map(([a]) => a!)).toFixed(2)}x`);
console.log(`cache kept / no prefix cache:     ${median(ratios.map(([, b]) => b!)).toFixed(2)}x`);
await policy.close();

// Profile: the same work without a worker.
const config = smallModelConfig({ vocabularySize: tokenizer.vocabularySize });
const engine = new SamplingEngine({
  layout: parameterLayout(config),
  executor: createOnnxExecutor({ threads: availableParallelism() }),
  stepTokens: 2048,
  cacheBytes: 2 ** 30,
});
await engine.load(initialParameters(config, 1));
const alone: Pick<Sampler, "sample" | "release"> = {
  sample: (request) => engine.sample(request),
  release: (sequenceId) => engine.release(sequenceId),
};
const begin = performance.now();
const beginCpu = process.cpuUsage();
await Promise.all(Array.from({ length: numEpisodes }, (_, i) => episode(alone, `${i}`, true)));
const wall = performance.now() - begin;
const { user, system } = process.cpuUsage(beginCpu);
const { numSteps, numTokens, programMilliseconds, attentionMilliseconds } = engine.timings!;
const share = (milliseconds: number): string => `${((100 * milliseconds) / wall).toFixed(0)} %`;
console.log(
  `in one thread: ${numSteps} steps, ${numTokens} tokens, ${((user + system) / numTokens).toFixed(1)} CPU us/token; ` +
    `programs ${share(programMilliseconds)}, attention ${share(attentionMilliseconds)}, rest ${share(wall - programMilliseconds - attentionMilliseconds)}`,
);
const beginLoad = performance.now();
await engine.load(initialParameters(config, 2));
console.log(`loading new weights: ${(performance.now() - beginLoad).toFixed(0)} ms`);
await engine.close();
