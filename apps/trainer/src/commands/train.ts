import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { decodeText } from "@turnwise/core";
import type { TaskSource } from "@turnwise/envs";
import { Command, Option } from "commander";
import {
  algorithms,
  applySettings,
  checkConfig,
  checkMemory,
  checkModel,
  closingSummary,
  duration,
  estimateRun,
  InputError,
  jsonReporter,
  languageModelRun,
  openTasks,
  percent,
  policyFolder,
  reading,
  resolveConfig,
  RunFolder,
  StoppedRun,
  settingsText,
  textReporter,
  train,
  versions,
  type Reporter,
  type TrainConfig,
} from "@turnwise/training";
import { describeError } from "../describe-error.ts";
import { checkDeviceWorks } from "../device.ts";
import { announceInterrupts } from "../interrupts.ts";
import { commandLine, resumeCommand } from "../invocation.ts";
import { positiveNumber, wholeNumber } from "./arguments.ts";
import {
  environmentOf,
  offeredEnvironments,
  unknownEnvironment,
  type OfferedEnvironment,
} from "./environments.ts";

interface TrainOptions extends Readonly<Record<string, unknown>> {
  readonly seed: number;
  readonly out?: string;
  readonly model?: string;
  readonly adapterRank?: number;
  readonly algorithm?: keyof typeof algorithms;
  readonly modulation?: TrainConfig["modulation"]["kind"];
  readonly config?: string;
  readonly set: readonly string[];
  readonly resume?: string;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** A run and its tasks. */
interface OpenedRun {
  readonly folder: RunFolder;
  readonly tasks: TaskSource;
}

/** `turnwise train`: trains an agent, or goes on training one. */
export function trainCommand(): Command {
  const command = new Command("train")
    .description("train an agent: a warm start from demonstrations, then GRPO with AEM")
    .enablePositionalOptions()
    .argument("[environment]")
    // What stands behind a wrong environment is not what is wrong.
    .allowUnknownOption()
    .allowExcessArguments()
    .option("--resume <folder>", "go on with an interrupted run")
    .option("--json", "print one JSON object a line")
    .action(async (environment: string | undefined, options: TrainOptions) => {
      if (environment !== undefined || options.resume === undefined) {
        throw unknownEnvironment("train", environment);
      }
      const { resume } = options;
      await runToEnd(options, (reporter) => resumeRun(resume, reporter));
    });
  for (const environment of offeredEnvironments) {
    command.addCommand(environmentCommand(environment));
  }
  return command;
}

/** `turnwise train ENVIRONMENT`. */
function environmentCommand(environment: OfferedEnvironment): Command {
  const command = new Command(environment.name).description(
    `train an agent on ${environment.description}`,
  );
  for (const option of environment.options()) command.addOption(option);
  return command
    .addOption(new Option("--seed <number>", "fixes everything").argParser(wholeNumber).default(1))
    .option("--out <folder>", "the run folder (default: runs/<recipe>-seed<seed>-<time>)")
    .option("--model <folder>", "a language model in place of a small one, as in AEM's paper")
    .addOption(
      new Option("--adapter-rank <number>", "train a low-rank adapter of the model").argParser(
        positiveNumber,
      ),
    )
    .addOption(
      new Option(
        "--algorithm <name>",
        "whose settings of an algorithm (default: the recipe's)",
      ).choices(Object.keys(algorithms)),
    )
    .addOption(
      new Option("--modulation <name>", "(default: the recipe's)").choices(["aem", "none"]),
    )
    .option("--config <file>", "settings as JSON, laid over the recipe's")
    .option(
      "--set <field=value>",
      "one setting, such as training.iterations=10; may be repeated",
      (value: string, before: readonly string[]) => [...before, value],
      [] as readonly string[],
    )
    .option("--resume <folder>", "go on with an interrupted run")
    .option("--dry-run", "check everything, print the resolved settings, write nothing")
    .option("--json", "print one JSON object a line")
    .action(async (options: TrainOptions, self: Command) => {
      const { resume } = options;
      if (resume === undefined) {
        await runToEnd(options, (reporter) => newRun(environment, options, reporter));
        return;
      }
      const others = self.options.map((option) => option.attributeName());
      for (const name of others.filter((other) => other !== "resume" && other !== "json")) {
        if (self.getOptionValueSource(name) === "cli") {
          throw new InputError(`train: --${name} must not be given with --resume`);
        }
      }
      await runToEnd(options, (reporter) => resumeRun(resume, reporter));
    });
}

/** Trains an opened run to its end and sums up; a dry run opens none. */
async function runToEnd(
  { json, dryRun }: TrainOptions,
  open: (reporter: Reporter) => Promise<OpenedRun | undefined>,
): Promise<void> {
  // The output of a dry run is its settings alone.
  const stream = dryRun === true ? process.stderr : process.stdout;
  const reporter = json === true ? jsonReporter(stream) : textReporter(stream);
  const started = performance.now();
  try {
    const opened = await open(reporter);
    if (opened === undefined) return;
    const { folder, tasks } = opened;
    const resume = `to resume: ${resumeCommand(folder.path)}`;
    const stopAnnouncing = announceInterrupts(() => {
      reporter.close();
      return `turnwise: interrupted; ${resume}`;
    });
    try {
      await train(folder, tasks, reporter);
    } catch (cause) {
      if (cause instanceof InputError) throw cause;
      const { message } = describeError(cause);
      throw new StoppedRun(`${message}; ${resume}`, { cause });
    } finally {
      stopAnnouncing();
      await tasks.close?.();
    }
    await closingSummary(folder, commandLine(nextEvaluation(folder)), reporter);
    reporter.say(`done in ${duration((performance.now() - started) / 1000)}`);
  } finally {
    reporter.close();
  }
}

/** An evaluation of the trained policy on other tasks, to be tried next. */
function nextEvaluation({ config, path }: RunFolder): string[] {
  const { model, tasks } = config;
  const trained = join(path, policyFolder);
  const isAdapted = model.source === "folder" && model.adapter !== null;
  return [
    "evaluate",
    tasks.environment,
    ...(isAdapted ? ["--policy", model.path, "--adapter", trained] : ["--policy", trained]),
    ...(model.source === "folder" && model.chat ? ["--chat"] : []),
    ...(tasks.format === "compact" ? [] : ["--format", tasks.format]),
    ...environmentOf(config).elsewhere(config),
  ];
}

async function resumeRun(path: string, reporter: Reporter): Promise<OpenedRun> {
  const folder = await RunFolder.open(path);
  await checkEngine(folder.config);
  await checkMemory(folder.config);
  reporter.say(`resuming ${folder.path}`);
  const tasks = await openTasks(folder.config);
  reporter.say(tasks.description);
  return { folder, tasks };
}

/** Makes a run folder; none for a dry run. */
async function newRun(
  environment: OfferedEnvironment,
  options: TrainOptions,
  reporter: Reporter,
): Promise<OpenedRun | undefined> {
  const config = await configOf(environment, options);
  await checkModel(config);
  await checkEngine(config);
  await checkMemory(config);
  // Tasks are opened, and files checked, before the folder is made: a wrong path leaves nothing behind.
  const tasks = await openTasks(config);
  try {
    reporter.say(tasks.description);
    if (tasks.training.length === 0) {
      throw new InputError(
        `train ${environment.name}: there must be tasks to train on, found none (tasks.numTraining ${config.tasks.numTraining})`,
      );
    }
    if (options.dryRun === true) {
      process.stdout.write(`${settingsText(config, options.json === true ? 0 : 2)}\n`);
      // Settings alone go to standard output, so that they can be used again.
      process.stderr.write("estimating: a short probe of the model\n");
      const lines = await reading(() => estimateRun(config, tasks));
      process.stderr.write(`${lines.join("\n")}\n`);
      await tasks.close?.();
      return undefined;
    }
    const time = new Date()
      .toISOString()
      .replaceAll(/[-:]|\..*$/gu, "")
      .replace("T", "-");
    const path = options.out ?? join("runs", `${config.recipe}-seed${config.seed}-${time}`);
    await tasks.validate?.((done) => reporter.now(`checking tasks: ${percent(done)}`));
    const folder = await RunFolder.create(path, config, {
      ...(await versions()),
      command: process.argv.slice(2),
      seed: config.seed,
      ...(tasks.omissions && { omissions: tasks.omissions }),
      configHash: createHash("sha256").update(JSON.stringify(config)).digest("hex"),
      startedAt: new Date().toISOString(),
    });
    reporter.say(`run folder: ${relative(process.cwd(), folder.path) || folder.path}`);
    return { folder, tasks };
  } catch (error) {
    await tasks.close?.();
    throw error;
  }
}

/** Requires a device that works, before anything is written. */
async function checkEngine({ model, engine }: TrainConfig): Promise<void> {
  if (model.source === "tinker") return;
  const { provider, gpu } = engine;
  await checkDeviceWorks({ provider, deviceId: gpu }, "engine.provider");
}

/** The recipe's settings, under those of the file, under those of the command line. */
async function configOf(
  environment: OfferedEnvironment,
  options: TrainOptions,
): Promise<TrainConfig> {
  let config = environment.recipe(options.seed, options);
  const { config: path, model, adapterRank, algorithm, modulation } = options;
  if (model !== undefined) config = languageModelRun(config, model, adapterRank);
  else if (adapterRank !== undefined) {
    throw new InputError(`train: --adapter-rank must be given with --model, got ${adapterRank}`);
  }
  if (algorithm !== undefined) config = { ...config, algorithm: algorithms[algorithm] };
  if (modulation !== undefined) {
    config = { ...config, modulation: { ...config.modulation, kind: modulation } };
  }
  if (path !== undefined) {
    const changes: unknown = await reading(async () => {
      const bytes = await readFile(path).catch((cause: Error) => {
        throw new Error(`${path}: file must be readable, got ${cause.message}`);
      });
      const text = decodeText(bytes, path);
      try {
        return JSON.parse(text) as unknown;
      } catch (cause) {
        throw new Error(`${path}: file must hold JSON, got ${(cause as Error).message}`, { cause });
      }
    });
    config = resolveConfig(config, changes, path);
  }
  if (options.set.length > 0) config = checkConfig(applySettings(config, options.set), "--set");
  if (config.tasks.environment === "swebench" && config.tasks.path !== null) {
    const { source } = config.model;
    if (source === "new") {
      throw new InputError(
        `train swebench: model.source must be folder or tinker with --instances, got ${source}; see --model`,
      );
    }
  }
  const [wanted, got]: string[] = [environment.name, config.tasks.environment];
  if (got !== wanted) {
    throw new InputError(`train ${wanted}: tasks.environment must be ${wanted}, got ${got}`);
  }
  return checkConfig(config, "options");
}
