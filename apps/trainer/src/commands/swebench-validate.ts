import { writeFile } from "node:fs/promises";
import {
  ContainerError,
  ContainerPool,
  demoTasks,
  DockerEngine,
  ensureDemoImages,
  selectInstances,
  validateInstance,
  type GradingMode,
  type SweInstance,
  type Validation,
} from "@turnwise/envs/swebench";
import { Command, Option } from "commander";
import { duration, InputError, textReporter } from "@turnwise/training";
import { aboveZero, positiveNumber, repeated, wholeNumber } from "./arguments.ts";
import { readRows, withRowOptions, type RowOptions } from "./swebench-rows.ts";

interface ValidateOptions extends RowOptions {
  readonly grading: GradingMode;
  readonly instances?: string;
  readonly id?: readonly string[];
  readonly repo?: readonly string[];
  readonly seed?: number;
  readonly limit?: number;
  readonly host?: readonly string[];
  readonly containers: number;
  readonly pull: "missing" | "never";
  readonly imageBudget?: number;
  readonly network: "none" | "bridge";
  readonly out?: string;
  readonly json?: boolean;
}

/** `turnwise swebench validate`: which instances can be used here. */
export function validateCommand(): Command {
  return withRowOptions(
    new Command("validate").description(
      "evaluate gold patches, and one that changes nothing: which instances are usable",
    ),
  )
    .addOption(
      new Option("--grading <mode>", "strict, as for training, or as the official harness")
        .choices(["official", "strict"])
        .default("official"),
    )
    .option(
      "--instances <file>",
      "JSON lines, JSON or parquet (default: the demonstration's tasks)",
    )
    .option("--id <pattern>", "only these ids, * for any text; may be repeated", repeated)
    .option("--repo <pattern>", "only these repositories; may be repeated", repeated)
    .addOption(new Option("--seed <number>", "shuffle by this seed").argParser(wholeNumber))
    .addOption(new Option("--limit <number>", "at most that many").argParser(wholeNumber))
    .option(
      "--host <address>",
      "a container engine (default: DOCKER_HOST); may be repeated",
      repeated,
    )
    .addOption(
      new Option("--containers <number>", "how many each engine runs at once")
        .argParser(positiveNumber)
        .default(2),
    )
    .addOption(new Option("--pull <when>").choices(["missing", "never"]).default("missing"))
    .addOption(
      new Option("--image-budget <gigabytes>", "what an engine's images may take").argParser(
        aboveZero,
      ),
    )
    .addOption(
      new Option("--network <kind>", "of the tests").choices(["none", "bridge"]).default("none"),
    )
    .option("--out <file>", "write the ids of the usable ones, one a line")
    .option("--json", "print one JSON object a line")
    .action(validate);
}

async function validate(options: ValidateOptions): Promise<void> {
  const { imageBudget } = options;
  const instances = await chosenInstances(options);
  const reporter = textReporter(process.stdout);
  const started = performance.now();
  const engines: DockerEngine[] = [];
  try {
    for (const address of options.host ?? [undefined]) {
      engines.push(
        await DockerEngine.connect({
          pull: options.pull,
          ...(address !== undefined && { address }),
          ...(imageBudget !== undefined && { imageBudgetBytes: imageBudget * 2 ** 30 }),
          onPull: ({ image, doneBytes, totalBytes }) => {
            if (options.json === true) return;
            const [done, total] = [doneBytes, totalBytes].map((bytes) => (bytes / 1e6).toFixed(0));
            reporter.now(`pulling ${image}: ${done} of ${total} MB`);
          },
        }),
      );
    }
    const ids = new Set(instances.map(({ id }) => id));
    const demo = demoTasks.filter(({ instance }) => ids.has(instance.id));
    for (const engine of engines) await ensureDemoImages(engine, demo);
    const pool = new ContainerPool(
      engines.map((engine) => ({ engine, maxContainers: options.containers })),
    );
    const found = await validateAll(instances, pool, options, (line) =>
      options.json === true ? process.stdout.write(`${line}\n`) : reporter.say(line),
    );
    const count = (verdict: Validation["verdict"]): number =>
      found.filter((entry) => entry.verdict === verdict).length;
    if (options.out !== undefined) {
      const usable = found.filter(({ verdict }) => verdict === "usable");
      await writeFile(options.out, usable.map(({ id }) => `${id}\n`).join(""));
    }
    if (options.json === true) return;
    reporter.say(
      `${count("usable")} of ${found.length} usable, ${count("unusable")} not, ` +
        `${count("unknown")} unknown; ${duration((performance.now() - started) / 1000)}`,
    );
  } catch (error) {
    if (!(error instanceof ContainerError)) throw error;
    throw new InputError(`swebench validate: ${error.message}`, { cause: error });
  } finally {
    await Promise.all(engines.map(async (engine) => engine.close()));
    reporter.close();
  }
}

async function chosenInstances(options: ValidateOptions): Promise<readonly SweInstance[]> {
  const { instances: path, id, repo, seed, limit } = options;
  const all =
    path === undefined
      ? demoTasks.map(({ instance }) => instance)
      : (await readRows(path, options)).instances;
  const chosen = selectInstances(all, {
    ...(id && { ids: id }),
    ...(repo && { repos: repo }),
    ...(seed !== undefined && { seed }),
    ...(limit !== undefined && { limit }),
  });
  if (chosen.length > 0) return chosen;
  throw new InputError(`swebench validate: options must leave an instance of ${all.length}, got 0`);
}

/** As many at once as there is room for, in the order of instances. */
async function validateAll(
  instances: readonly SweInstance[],
  pool: ContainerPool,
  { host = [""], containers, network, json, grading }: ValidateOptions,
  say: (line: string) => void,
): Promise<Validation[]> {
  const found: Validation[] = [];
  const queue = [...instances];
  const worker = async (): Promise<void> => {
    for (let instance = queue.shift(); instance !== undefined; instance = queue.shift()) {
      const begun = performance.now();
      const entry = await validateInstance(instance, pool, { grading, container: { network } });
      const seconds = (performance.now() - begun) / 1000;
      found.push(entry);
      const { id, verdict, reason } = entry;
      say(
        json === true
          ? JSON.stringify({ instance_id: id, verdict, reason, seconds })
          : `${id.padEnd(36)} ${verdict.padEnd(9)} ${seconds.toFixed(1).padStart(6)} s  ${reason}`.trimEnd(),
      );
    }
  };
  await Promise.all(Array.from({ length: containers * host.length }, worker));
  return found;
}
