/**
 * Cost of recording an iteration of the default ALFWorld experiment, against the iteration itself and
 * against plain JSON lines in one gzip file without credit. Recording runs in the background, so its
 * share of CPU time is an upper bound of the slowdown. Linux only.
 *
 *   npx tsx --conditions=turnwise-source bench/training-records.bench.ts
 */
import { readFileSync } from "node:fs";
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
  type IterationReport,
} from "@turnwise/training";

const rounds = 4;
/** Number of recordings of an iteration, of which the median is reported. */
const repeats = 5;
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

/** Cost of a function, seconds. */
interface Cost {
  /** CPU time of all threads. */
  readonly processor: number;
  /** CPU time of the main thread; during this time the main thread is blocked. */
  readonly main: number;
  /** Wall-clock time. */
  readonly wall: number;
}

/** CPU time of this thread, seconds. */
const threadSeconds = (): number =>
  Number(readFileSync("/proc/thread-self/schedstat", "utf8").split(" ")[0]) / 1e9;

async function measureCost(work: () => Promise<unknown>): Promise<Cost> {
  const started = performance.now();
  const usage = process.cpuUsage();
  const before = threadSeconds();
  await work();
  const main = threadSeconds() - before;
  const { user, system } = process.cpuUsage(usage);
  return {
    processor: (user + system) / 1e6,
    main,
    wall: (performance.now() - started) / 1000,
  };
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

function describeCost(name: string, costs: readonly Cost[], iteration: Cost): string {
  const of = (key: keyof Cost): number => median(costs.map((cost) => cost[key]));
  const milliseconds = (seconds: number): string => `${(1000 * seconds).toFixed(0)} ms`;
  return [
    `  ${name.padEnd(16)} processor ${milliseconds(of("processor"))} (${percent(of("processor") / iteration.processor)} of the iteration's)`,
    `of which main thread ${milliseconds(of("main"))}`,
    `on disk after ${milliseconds(of("wall"))}`,
  ].join(", ");
}

for (let iteration = 1; iteration <= rounds; iteration++) {
  const reports: IterationReport[] = [];
  const whole = await measureCost(async () => {
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
      // Random weights solve nothing, so train on every group, including groups with equal returns.
      algorithm: compileAlgorithm({ ...config.algorithm, groupFilter: { kind: "keep-all" } }),
      modulator: compileModulator({ kind: "aem" }),
      settings: training,
      random,
    });
    reports.push(report);
  });
  const report = reports[0]!;
  const plainPath = join(folder, "plain.jsonl.gz");
  const metrics = { stage: "iteration", warmStartEpoch: 0, iteration } as const;
  const costs: Record<"plain" | "records", Cost[]> = { plain: [], records: [] };
  for (let repeat = 0; repeat < repeats; repeat++) {
    costs.plain.push(await measureCost(() => writePlain(plainPath, report.groups)));
    costs.records.push(
      await measureCost(async () => {
        await run.recordSegment({ trajectories: recordTrajectories(report), metrics });
        await run.flush();
      }),
    );
  }
  const name = join(run.path, "trajectories", `iteration-000${iteration}`);
  const [plainBytes, packedBytes, indexBytes] = await Promise.all(
    [plainPath, `${name}.jsonl.gz`, `${name}.index`].map(async (path) => (await stat(path)).size),
  );
  const { sampled, trained } = report.numTokens;
  console.log(
    [
      `iteration ${iteration}: ${whole.wall.toFixed(2)} s, processor ${whole.processor.toFixed(2)} s, ${report.metrics["episodes"]} episodes, ${sampled} tokens sampled, ${trained} trained`,
      `${describeCost("plain JSON lines", costs.plain, whole)}, ${plainBytes} bytes`,
      `${describeCost("records", costs.records, whole)}, ${packedBytes} bytes and an index of ${indexBytes}`,
    ].join("\n"),
  );
}
await policy.close();
await tasks.close?.();
await rm(folder, { recursive: true });
