/**
 * Tokens per second that a local policy trains on, one row per trajectory of several turns. Compares
 * microbatch sizes, an objective with and without an entropy term, and scoring.
 * Run: npx tsx --conditions=turnwise-source bench/policy-training.bench.ts
 */
import { createRandom, crossEntropy, type Objective, type TrainingRow } from "@turnwise/core";
import { createOnnxExecutor } from "@turnwise/graph/onnx";
import { initialParameters, smallModelConfig } from "@turnwise/policy";
import { LearningEngine } from "../packages/policy/src/learning/learning-engine.ts";
import { traceObjective } from "../packages/policy/src/learning/objective-program.ts";
import { parameterLayout } from "../packages/policy/src/model/parameter-layout.ts";

const config = smallModelConfig({ vocabularySize: 300 });
const random = createRandom("rows");
const promptTokens = 20;
const responseTokens = 6;

/** Rows of 8 to 20 turns, like those of the sampling benchmark. */
const rows = Array.from({ length: 64 }, (): TrainingRow => {
  const numTurns = 8 + random.integer(13);
  const turnTokens = promptTokens + responseTokens;
  const numTokens = numTurns * responseTokens;
  return {
    tokens: Array.from({ length: numTurns * turnTokens }, () => random.integer(300)),
    spans: Array.from({ length: numTurns }, (_, turnIndex) => ({
      turnIndex,
      start: turnIndex * turnTokens + promptTokens,
      length: responseTokens,
    })),
    weights: new Float32Array(numTokens).fill(1 / numTokens),
    fields: {},
  };
});
const rowTokens = rows.reduce((total, { tokens }) => total + tokens.length, 0);

const withEntropy: Objective = {
  name: "cross-entropy-and-entropy",
  needs: [],
  evaluate: (ops, inputs) => {
    const { loss } = crossEntropy.evaluate(ops, inputs);
    const entropy = ops.sum(ops.multiply(inputs.weights, inputs.entropies));
    return { loss: ops.subtract(loss, ops.multiply(entropy, 0.01)), metrics: { entropy } };
  },
};

const create = (microbatchTokens: number): Promise<LearningEngine> =>
  LearningEngine.create(initialParameters(config, 1), {
    layout: parameterLayout(config),
    executor: createOnnxExecutor({ threads: 2 }),
    microbatchTokens,
    optimizer: { learningRate: { peak: 1e-4 } },
  });

const small = await create(1024);
const large = await create(4096);
const tiny = await create(512);
const plain = traceObjective(crossEntropy);
const mixed = traceObjective(withEntropy);
const cases: Record<string, () => Promise<unknown>> = {
  "update, microbatches of 512": () => tiny.update(rows, plain),
  "update, microbatches of 1024": () => small.update(rows, plain),
  "update, microbatches of 4096": () => large.update(rows, plain),
  "update with entropy term, 1024": () => small.update(rows, mixed),
  "score, microbatches of 1024": () => small.score(rows),
};

/** Wall-clock time and CPU time of one case in one round. */
interface Measured {
  readonly wall: number;
  readonly cpu: number;
}
const measured = new Map<string, Measured[]>(Object.keys(cases).map((name) => [name, []]));
for (let round = 0; round < 6; round++) {
  for (const [name, run] of Object.entries(cases)) {
    const begin = performance.now();
    const beginCpu = process.cpuUsage();
    await run();
    const { user, system } = process.cpuUsage(beginCpu);
    const wall = (performance.now() - begin) / 1000;
    // The first round is a warm-up, which includes compilation.
    if (round > 0) measured.get(name)!.push({ wall, cpu: (user + system) / 1e6 });
  }
}
const median = (list: readonly number[]): number =>
  list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)]!;
const of = (name: string, part: keyof Measured): number =>
  median(measured.get(name)!.map((each) => each[part]));
const reference = of("update, microbatches of 1024", "cpu");
console.log(`${rows.length} rows, ${rowTokens} tokens; ratios are of CPU time`);
for (const name of measured.keys()) {
  const [wall, cpu] = [of(name, "wall"), of(name, "cpu")];
  console.log(
    `${name.padEnd(32)} ${(rowTokens / wall).toFixed(0).padStart(7)} tokens/s ${((1e6 * cpu) / rowTokens).toFixed(1).padStart(6)} CPU us/token  ${(reference / cpu).toFixed(2)}x`,
  );
}
const { numTokens, numPositions, programMilliseconds, optimizerMilliseconds } = small.timings;
console.log(
  `computed ${numPositions} of ${numTokens} tokens; in programs ${(programMilliseconds / 1000).toFixed(2)} s, adding up and AdamW ${(optimizerMilliseconds / 1000).toFixed(2)} s`,
);
for (const engine of [tiny, small, large]) await engine.close();
