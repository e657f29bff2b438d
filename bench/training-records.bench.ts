/**
 * Cost of recording an iteration (joining credit, rounding, compressing, indexing, flushing to disk), against
 * the iteration itself and against plain JSON lines in one gzip file without credit.
 *
 *   npx tsx --conditions=turnwise-source bench/training-records.bench.ts
 */
import { mkdtemp, open, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { compileModulator } from "@turnwise/aem";
import { createRandom, type Group } from "@turnwise/core";
import { compileAlgorithm } from "@turnwise/estimators";
import { createTokenizer, buildWordVocabulary, smallModelConfig } from "@turnwise/policy";
import { createLocalPolicy } from "@turnwise/policy/local";
import {
  checkConfig,
  householdGames,
  noParts,
  openTasks,
  recordTrajectories,
  RunFolder,
  trainIteration,
} from "@turnwise/training";

const rounds = 4;
const config = checkConfig(householdGames(1), "bench");
const { training, episode, model } = config;
if (model.source !== "new") throw new Error("the experiment must train a new model");
const tasks = await openTasks(config, noParts);
// Texts of some tasks, for a vocabulary of the environment's words.
const random = createRandom(1);
const texts: string[] = [];
for (const task of tasks.training.slice(0, 40)) {
  const environment = await tasks.createEnvironment(task);
  const observation = await environment.reset();
  texts.push(tasks.format.prompt([], observation), ...(observation.admissibleActions ?? []));
  await environment.close();
}
const tokenizer = createTokenizer(buildWordVocabulary(texts));
const policy = await createLocalPolicy({
  model: smallModelConfig({ ...model, vocabularySize: tokenizer.vocabularySize }),
  tokenizer,
  seed: 1,
  maxSequenceTokens: model.maxTokens,
  optimizer: { learningRate: { peak: 1e-4 } },
});
const folder = await mkdtemp(join(tmpdir(), "turnwise-bench-records-"));
const run = await RunFolder.create(join(folder, "run"), config, {});

/** Writes plain JSON lines as one gzip member, and flushes them. */
async function writePlain(path: string, groups: readonly Group[]): Promise<void> {
  const lines = groups.flatMap(({ trajectories }) =>
    trajectories.map((trajectory) => `${JSON.stringify(trajectory)}\n`),
  );
  const file = await open(path, "w");
  await file.writeFile(gzipSync(lines.join(""), { level: 1 }));
  await file.sync();
  await file.close();
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

for (let iteration = 1; iteration <= rounds; iteration++) {
  const report = await trainIteration(iteration, {
    drawTasks: (_iteration, round, count) =>
      Array.from({ length: count }, () =>
        random.fork(`${iteration}/${round}`).choice(tasks.training),
      ),
    rolloutParts: {
      createEnvironment: tasks.createEnvironment,
      format: tasks.format,
      tokenizer,
      options: {
        maxTurns: episode.maxTurns,
        maxResponseTokens: episode.maxResponseTokens,
        invalidActionPenalty: episode.invalidActionPenalty,
      },
    },
    sampler: policy.sampler,
    learner: policy.learner,
    // Random weights solve nothing: train on every group, flat ones included.
    algorithm: compileAlgorithm({ ...config.algorithm, groupFilter: { kind: "keep-all" } }),
    modulator: compileModulator({ kind: "aem" }),
    settings: training,
    random,
  });
  const whole = report.seconds.collect + report.seconds.score + report.seconds.update;
  const plainPath = join(folder, "plain.jsonl.gz");
  const name = `iteration-000${iteration}`;
  const [plain, recorded] = [
    await seconds(() => writePlain(plainPath, report.groups)),
    await seconds(() => run.writeTrajectories(name, recordTrajectories(report), iteration)),
  ];
  const sizes = await Promise.all(
    [
      plainPath,
      ...["jsonl.gz", "index"].map((end) => join(run.path, "trajectories", `${name}.${end}`)),
    ].map(async (path) => (await stat(path)).size),
  );
  const { sampled, trained } = report.numTokens;
  console.log(
    [
      `iteration ${iteration}: ${whole.toFixed(2)} s, ${report.metrics["episodes"]} episodes, ${sampled} tokens sampled, ${trained} trained`,
      `  plain JSON lines ${(1000 * plain).toFixed(0)} ms (${((100 * plain) / whole).toFixed(2)} %), ${sizes[0]} bytes`,
      `  records          ${(1000 * recorded).toFixed(0)} ms (${((100 * recorded) / whole).toFixed(2)} %), ${sizes[1]} bytes and an index of ${sizes[2]}`,
    ].join("\n"),
  );
}
await policy.close();
await tasks.close?.();
await rm(folder, { recursive: true });
