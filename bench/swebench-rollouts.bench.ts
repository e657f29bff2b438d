/**
 * Complete episodes in containers: 32 concurrent episodes on one engine, against the same episodes
 * spread over all engines. A scripted agent plays the demo tasks, so nothing waits for a model.
 * Arguments are addresses of engines. Default: `DOCKER_HOST`.
 *
 *     npx tsx --conditions=turnwise-source bench/swebench-rollouts.bench.ts [address ...]
 */
import {
  ContainerPool,
  demoTasks,
  DockerEngine,
  ensureDemoImages,
  playDemo,
  scriptedAgent,
} from "@turnwise/envs/swebench";

const numEpisodes = 32;
const numRounds = 2;
const addresses = process.argv.slice(2);
const engines = await Promise.all(
  (addresses.length > 0 ? addresses : [undefined]).map(async (address) =>
    DockerEngine.connect({ pull: "never", ...(address === undefined ? {} : { address }) }),
  ),
);
for (const engine of engines) await ensureDemoImages(engine, demoTasks);

interface Sample {
  /** Duration of each round, from its first episode to its last, seconds. */
  readonly rounds: number[];
  readonly resets: number[];
  readonly steps: number[];
  readonly gradings: number[];
  readonly memoryMiB: number[];
  numSolved: number;
}

/** Hides `close` of an engine, because a pool would close it. */
const shareEngine = (engine: DockerEngine, maxContainers: number) => ({
  engine: { host: engine.host, start: engine.start.bind(engine), close: async () => undefined },
  maxContainers,
});

/** Methods of dockerode's client that this benchmark uses. */
interface StatsClient {
  listContainers(options: object): Promise<readonly { readonly Id: string }[]>;
  getContainer(id: string): {
    stats(options: object): Promise<{ readonly memory_stats?: { readonly usage?: number } }>;
  };
}

/** Reads the current memory of all running containers, MiB. */
async function readMemory(): Promise<number> {
  const used = engines.map(async (engine) => {
    const client = engine.client as StatsClient;
    const running = await client.listContainers({ filters: { label: ["turnwise.run"] } });
    const each = running.map(async ({ Id }) => {
      const stats = await client
        .getContainer(Id)
        .stats({ stream: false, "one-shot": true })
        .catch(() => undefined);
      return stats?.memory_stats?.usage ?? 0;
    });
    return (await Promise.all(each)).reduce((sum, bytes) => sum + bytes, 0);
  });
  return (await Promise.all(used)).reduce((sum, bytes) => sum + bytes, 0) / 2 ** 20;
}

async function round(pool: ContainerPool, sample: Sample): Promise<void> {
  const begun = performance.now();
  const looks: Promise<void>[] = [];
  const timer = setInterval(() => {
    looks.push(readMemory().then((used) => void sample.memoryMiB.push(used)));
  }, 2000);
  // The pool reports container starts; the episode measures the agent's waiting times.
  const timed = {
    host: pool.host,
    start: async (...spec: Parameters<ContainerPool["start"]>) => {
      const asked = performance.now();
      const container = await pool.start(...spec);
      sample.resets.push(performance.now() - asked);
      return {
        ...container,
        exec: async (...command: Parameters<typeof container.exec>) => {
          const started = performance.now();
          const result = await container.exec(...command);
          sample.steps.push(performance.now() - started);
          return result;
        },
      };
    },
    close: async () => undefined,
  };
  await Promise.all(
    Array.from({ length: numEpisodes }, async (_, i) => {
      const { trajectory, record } = await playDemo(
        demoTasks[i % demoTasks.length]!,
        scriptedAgent,
        timed,
        { container: { memoryBytes: 2 ** 28, cpus: 0.5 } },
      );
      if (record !== undefined) sample.gradings.push(1000 * record.evaluation.seconds.tests);
      const { outcome } = trajectory;
      if (outcome.kind === "terminated" && outcome.isSuccess) sample.numSolved += 1;
    }),
  );
  sample.rounds.push((performance.now() - begun) / 1000);
  clearInterval(timer);
  await Promise.all(looks);
}

const layouts = new Map([
  ["one engine", new ContainerPool([shareEngine(engines[0]!, numEpisodes)])],
  ...(engines.length > 1
    ? [
        [
          `${engines.length} engines`,
          new ContainerPool(
            engines.map((engine) => shareEngine(engine, Math.ceil(numEpisodes / engines.length))),
          ),
        ] as const,
      ]
    : []),
]);
const samples = new Map<string, Sample>();
for (let i = 0; i < numRounds; i++) {
  for (const [name, pool] of layouts) {
    const sample = samples.get(name) ?? {
      rounds: [],
      resets: [],
      steps: [],
      gradings: [],
      memoryMiB: [],
      numSolved: 0,
    };
    samples.set(name, sample);
    await round(pool, sample);
  }
}

const at = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;
const show = (values: readonly number[]): string =>
  `median ${at(values, 0.5).toFixed(0)}, 90 % ${at(values, 0.9).toFixed(0)} ms`;
for (const [name, sample] of samples) {
  const seconds = at(sample.rounds, 0.5);
  console.log(
    `${name}: ${numEpisodes} episodes at once, ${numRounds} rounds, ${sample.numSolved} of ${numEpisodes * numRounds} solved`,
  );
  console.log(
    `  all episodes:      ${seconds.toFixed(1)} s, ${((60 * numEpisodes) / seconds).toFixed(0)} per minute`,
  );
  console.log(`  container started: ${show(sample.resets)}`);
  console.log(`  command:           ${show(sample.steps)}`);
  console.log(`  tests:             ${show(sample.gradings)}`);
  console.log(`  containers' memory, most: ${at(sample.memoryMiB, 1).toFixed(0)} MiB`);
}
if (samples.size > 1) {
  const [one, many] = [...samples.values()];
  const ratio = at(one!.rounds, 0.5) / at(many!.rounds, 0.5);
  console.log(`one engine against ${engines.length}: ${ratio.toFixed(2)}x`);
}
console.log(`memory of this process: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
await Promise.all(engines.map(async (engine) => engine.close()));
