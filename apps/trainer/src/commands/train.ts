import { join, relative } from "node:path";
import type { TaskSource } from "@turnwise/envs";
import { Command } from "commander";
import {
  builtInExperiments,
  checkMemory,
  checkModel,
  reportSummary,
  createAlgorithm,
  createModulator,
  formatDuration,
  environments,
  estimateRun,
  findEnvironment,
  InputError,
  isModulePath,
  createJsonReporter,
  openTasks,
  formatPercent,
  policyFolder,
  readInput,
  reloadParts,
  RunFolder,
  formatSettings,
  formatTaskArguments,
  createRunReporter,
  train,
  createUnknownExperimentError,
  readVersions,
  type BuiltInEnvironment,
  type ExperimentSettings,
  type Parts,
  type Reporter,
} from "@turnwise/training";
import { checkDeviceWorks } from "../device.ts";
import { formatCommandLine } from "../invocation.ts";
import { loadExperiment, type SettingsOptions } from "../load-experiment.ts";
import { runResumably } from "../run-resumably.ts";
import { formatTimestamp } from "../format-timestamp.ts";
import { addTaskOptions, applyTaskOptions } from "./environments.ts";
import { addSettingsOptions } from "./settings-options.ts";

interface TrainOptions extends SettingsOptions, Readonly<Record<string, unknown>> {
  readonly out?: string;
  readonly resume?: string;
  readonly allowChangedCode?: boolean;
  readonly json?: boolean;
  readonly dryRun?: boolean;
}

/** A run with its tasks and components. */
interface OpenedRun {
  readonly folder: RunFolder;
  readonly tasks: TaskSource;
  readonly parts: Parts;
}

/** `turnwise train`: trains an agent, or resumes training one. */
export function buildTrainCommand(): Command {
  const command = addRunOptions(
    new Command("train")
      .description("train an agent with a built-in experiment or your own module")
      .enablePositionalOptions()
      .argument(
        "[experiment]",
        "name listed by `turnwise experiments`, or path of a module, such as ./mine.ts",
      )
      // Report a misspelled experiment, not the options after it.
      .allowUnknownOption()
      .allowExcessArguments(),
  ).action(async (experiment: string | undefined, options: TrainOptions, self: Command) => {
    await runCommand(experiment, undefined, options, self);
  });
  for (const environment of environments) {
    const named = new Command(environment.name).description(
      `train an agent on ${environment.description}`,
    );
    command.addCommand(
      addRunOptions(addTaskOptions(named, environment)).action(
        async (options: TrainOptions, self: Command) => {
          await runCommand(environment.name, environment, options, self);
        },
      ),
    );
  }
  return command;
}

/** Adds the options that every run has. */
function addRunOptions(command: Command): Command {
  return addSettingsOptions(command)
    .option("--out <folder>", "run folder (default: runs/<experiment>-seed<seed>-<time>)")
    .option("--resume <folder>", "resume the interrupted run in this folder")
    .option("--allow-changed-code", "resume even if the experiment's module has changed")
    .option("--dry-run", "check everything and print the resolved settings, but write nothing")
    .option("--json", "print one JSON object per line");
}

async function runCommand(
  name: string | undefined,
  environment: BuiltInEnvironment | undefined,
  options: TrainOptions,
  self: Command,
): Promise<void> {
  const { resume } = options;
  if (name?.startsWith("-") === true) throw new InputError(`train: unknown option ${name}`);
  if (resume === undefined) {
    if (name === undefined) throw createUnknownExperimentError(name);
    if (environment === undefined) {
      if (!isModulePath(name) && !builtInExperiments.some((one) => one.name === name)) {
        throw createUnknownExperimentError(name);
      }
      const [, unknown] = self.args;
      if (unknown !== undefined) throw new InputError(`train: unknown option ${unknown}`);
    }
    await runToEnd(options, (reporter) => createRun(name, environment, options, reporter));
    return;
  }
  if (name !== undefined && environment === undefined) {
    throw new InputError(`train: an experiment must not be given with --resume, got ${name}`);
  }
  const allowed = new Set(["resume", "json", "allowChangedCode"]);
  for (const option of self.options.map((one) => one.attributeName())) {
    if (!allowed.has(option) && self.getOptionValueSource(option) === "cli") {
      throw new InputError(`train: --${option} must not be given with --resume`);
    }
  }
  await runToEnd(options, (reporter) => resumeRun(resume, options, reporter));
}

/**
 * Opens a run folder, trains the run to its end and prints a summary. A dry run creates no folder.
 */
async function runToEnd(
  { json, dryRun }: TrainOptions,
  open: (reporter: Reporter) => Promise<OpenedRun | undefined>,
): Promise<void> {
  // A dry run prints only the settings to standard output.
  const stream = dryRun === true ? process.stderr : process.stdout;
  const reporter = json === true ? createJsonReporter(stream) : createRunReporter(stream);
  const started = performance.now();
  try {
    const opened = await open(reporter);
    if (opened === undefined) return;
    const { folder, tasks, parts } = opened;
    try {
      await runResumably(["train", "--resume", folder.path], reporter, () =>
        train(folder, tasks, reporter, parts),
      );
    } finally {
      await tasks.close?.();
    }
    const next = suggestEvaluation(folder);
    await reportSummary(folder, next && formatCommandLine(next), reporter);
    reporter.say(`done in ${formatDuration((performance.now() - started) / 1000)}`);
  } finally {
    reporter.close();
  }
}

/**
 * Returns a command that evaluates the trained policy on other tasks; `undefined` if a module
 * provides components.
 */
function suggestEvaluation({ config, path }: RunFolder): string[] | undefined {
  const { model, tasks } = config;
  const environment = findEnvironment(tasks.environment);
  if (environment === undefined || tasks.environment === "custom") return undefined;
  if (model.source === "custom") return undefined;
  const trained = join(path, policyFolder);
  const isAdapted = model.source === "folder" && model.adapter !== null;
  return [
    "evaluate",
    tasks.environment,
    ...(isAdapted ? ["--policy", model.path, "--adapter", trained] : ["--policy", trained]),
    ...(model.source === "folder" && model.chat ? ["--chat"] : []),
    ...formatTaskArguments(environment, environment.suggestTasks?.(tasks) ?? tasks),
  ];
}

async function resumeRun(
  path: string,
  { allowChangedCode }: TrainOptions,
  reporter: Reporter,
): Promise<OpenedRun> {
  const folder = await RunFolder.open(path);
  const { config } = folder;
  await folder.checkResumable();
  const onChange = allowChangedCode === true ? (text: string) => reporter.warn(text) : undefined;
  const parts = await reloadParts(folder, {
    remedy: "--allow-changed-code resumes with the changed code",
    onChange,
  });
  await checkEngine(config);
  await checkMemory(config);
  reporter.say(`resuming ${folder.path}`);
  const tasks = await openTasks(config, parts);
  reporter.say(tasks.description);
  return { folder, tasks, parts };
}

/** Checks the settings and creates a run folder; a dry run creates none. */
async function createRun(
  name: string,
  environment: BuiltInEnvironment | undefined,
  options: TrainOptions,
  reporter: Reporter,
): Promise<OpenedRun | undefined> {
  const {
    settings: config,
    parts,
    module,
  } = await loadExperiment(
    name,
    options,
    environment && (() => applyTaskOptions(environment, options.seed, options)),
  );
  checkEnvironment(environment, config);
  await checkModel(config);
  await checkEngine(config);
  await checkMemory(config);
  const algorithm = await createAlgorithm(config, parts);
  const modulator = await createModulator(config, parts);
  // Open tasks and check files before creating the folder, so that a wrong path leaves no folder.
  const tasks = await openTasks(config, parts);
  try {
    reporter.say(tasks.description);
    if (tasks.training.length === 0) {
      throw new InputError(`train ${name}: no training tasks (tasks.numTraining)`);
    }
    if (options.dryRun === true) {
      process.stdout.write(`${formatSettings(config, options.json === true ? 0 : 2)}\n`);
      // Only settings go to standard output, so that it is a valid `--config` file.
      process.stderr.write("estimating time and memory with a short probe of the model\n");
      const lines = await readInput(() => estimateRun(config, tasks, algorithm));
      process.stderr.write(`${lines.join("\n")}\n`);
      await tasks.close?.();
      return undefined;
    }
    const folderName = `${config.experiment}-seed${config.seed}-${formatTimestamp()}`;
    const path = options.out ?? join("runs", folderName);
    await tasks.validate?.((done) => reporter.now(`checking tasks: ${formatPercent(done)}`));
    const folder = await RunFolder.create(path, config, {
      ...(await readVersions()),
      command: process.argv.slice(2),
      seed: config.seed,
      ...(tasks.omissions && { omissions: tasks.omissions }),
      ...(module && { module }),
      parts: {
        tasks: tasks.name,
        objective: algorithm.objective.name,
        modulator: modulator.name,
      },
      startedAt: new Date().toISOString(),
    });
    reporter.say(`run folder: ${relative(process.cwd(), folder.path) || folder.path}`);
    return { folder, tasks, parts };
  } catch (error) {
    await tasks.close?.();
    throw error;
  }
}

/** Checks that the settings are for the environment of the command. */
function checkEnvironment(
  environment: BuiltInEnvironment | undefined,
  { tasks }: ExperimentSettings,
): void {
  const [wanted, got]: (string | undefined)[] = [environment?.name, tasks.environment];
  if (wanted !== undefined && got !== wanted) {
    throw new InputError(`train ${wanted}: tasks.environment must be ${wanted}, got ${got}`);
  }
}

/** Checks that the device of the settings works. */
async function checkEngine({ model, engine }: ExperimentSettings): Promise<void> {
  if (model.source === "tinker" || model.source === "custom") return;
  const { provider, gpu } = engine;
  await checkDeviceWorks({ provider, deviceId: gpu }, "engine.provider");
}
