/**
 * Containers: one engine against a pool of engines, and a command in a new process against a
 * command in a running shell. Arguments are addresses of engines. Default: `DOCKER_HOST`.
 *
 *     npx tsx --conditions=turnwise-source bench/swebench-containers.bench.ts [address ...]
 */
import {
  ContainerPool,
  demoTasks,
  DockerEngine,
  ensureDemoImages,
  type Container,
} from "@turnwise/envs/swebench";

const numContainers = 32;
const numRounds = 3;
const addresses = process.argv.slice(2);
const engines = await Promise.all(
  (addresses.length > 0 ? addresses : [undefined]).map(async (address) =>
    DockerEngine.connect({ pull: "never", ...(address === undefined ? {} : { address }) }),
  ),
);
const { image } = demoTasks[0]!.instance;
for (const engine of engines) await ensureDemoImages(engine, demoTasks.slice(0, 1));

interface Sample {
  readonly starts: number[];
  readonly execs: number[];
  readonly shells: number[];
  readonly allStarted: number[];
  readonly commandsPerSecond: number[];
}

function emptySample(): Sample {
  return { starts: [], execs: [], shells: [], allStarted: [], commandsPerSecond: [] };
}

async function timed(times: number[], work: () => Promise<unknown>): Promise<void> {
  const begun = performance.now();
  await work();
  times.push(performance.now() - begun);
}

/** Starts all containers at once, runs commands in all of them at once, and removes them. */
async function round(pool: ContainerPool, sample: Sample): Promise<void> {
  const containers: Container[] = [];
  await timed(sample.allStarted, async () =>
    Promise.all(
      Array.from({ length: numContainers }, async () =>
        timed(sample.starts, async () => {
          containers.push(await pool.start({ image, memoryBytes: 2 ** 28, cpus: 0.5 }));
        }),
      ),
    ),
  );
  const begun = performance.now();
  await Promise.all(
    containers.map(async (container) => {
      for (let i = 0; i < 3; i++) await timed(sample.execs, async () => container.exec("true"));
    }),
  );
  sample.commandsPerSecond.push((3 * numContainers * 1000) / (performance.now() - begun));
  await Promise.all(
    containers.map(async (container) => {
      const shell = container.shell();
      await shell.run("true");
      for (let i = 0; i < 10; i++) await timed(sample.shells, async () => shell.run("true"));
      shell.close();
    }),
  );
  await Promise.all(containers.map(async (container) => container.close()));
}

/** Hides `close` of an engine, because a pool would close it. */
const shareEngine = (engine: DockerEngine, maxContainers: number) => ({
  engine: {
    host: engine.host,
    start: engine.start.bind(engine),
    close: async () => undefined,
  },
  maxContainers,
});

const layouts = new Map([
  ["one engine", new ContainerPool([shareEngine(engines[0]!, numContainers)])],
  ...(engines.length > 1
    ? [
        [
          `${engines.length} engines`,
          new ContainerPool(
            engines.map((engine) => shareEngine(engine, Math.ceil(numContainers / engines.length))),
          ),
        ] as const,
      ]
    : []),
]);
const samples = new Map([...layouts.keys()].map((name) => [name, emptySample()]));
for (let i = 0; i < numRounds; i++) {
  for (const [name, pool] of layouts) await round(pool, samples.get(name)!);
}

const at = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!;
const show = (values: readonly number[]): string =>
  `median ${at(values, 0.5).toFixed(1)}, 90 % ${at(values, 0.9).toFixed(1)} ms`;
for (const [name, sample] of samples) {
  console.log(`${name}, ${numContainers} containers at once, ${numRounds} rounds`);
  console.log(`  start of one:        ${show(sample.starts)}`);
  console.log(`  all started:         ${show(sample.allStarted)}`);
  console.log(`  command, new process: ${show(sample.execs)}`);
  console.log(`  command, same shell:  ${show(sample.shells)}`);
  console.log(`  commands per second: ${at(sample.commandsPerSecond, 0.5).toFixed(1)}`);
  console.log(
    `  shell against new process: ${(at(sample.execs, 0.5) / at(sample.shells, 0.5)).toFixed(1)}x`,
  );
}
if (samples.size > 1) {
  const [one, many] = [...samples.values()];
  const ratio = at(one!.allStarted, 0.5) / at(many!.allStarted, 0.5);
  console.log(`all started, one engine against ${engines.length}: ${ratio.toFixed(2)}x`);
}
console.log(`memory of this process: ${(process.memoryUsage().rss / 2 ** 20).toFixed(0)} MiB`);
await Promise.all(engines.map(async (engine) => engine.close()));
