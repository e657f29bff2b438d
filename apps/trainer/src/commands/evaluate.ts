import { join } from "node:path";
import { formatCount, createRandom } from "@turnwise/core";
import type { AgentFormat } from "@turnwise/envs";
import type { WeightStorage } from "@turnwise/policy/local";
import { RemoteRefusal } from "@turnwise/policy/remote";
import { Command, Option } from "commander";
import {
  type BuiltInEnvironment,
  countEpisodes,
  createJsonReporter,
  createTextReporter,
  describeMissingChat,
  describePause,
  environments,
  type EnvironmentTasks,
  evaluate,
  type EvaluatedPolicy,
  type EvaluationContext,
  type EvaluationReport,
  type ExperimentSettings,
  findEnvironment,
  formatEvaluation,
  InputError,
  listPaperResults,
  LostInfrastructure,
  openEvaluatedPolicy,
  openTasks,
  readInput,
  readVersions,
  type Reporter,
  SavedEvaluation,
  showPhases,
  StoppedRun,
  summarizeEvaluation,
  toChatFormat,
  toEvaluationRecord,
  toPlainFormat,
} from "@turnwise/training";
import { readDevice, addDeviceOptions, type DeviceFlags } from "../device.ts";
import { runResumably } from "../run-resumably.ts";
import { formatTimestamp } from "../format-timestamp.ts";
import { parseNonNegative, parseCount, parseFraction, parseWholeNumber } from "./arguments.ts";
import { addTaskOptions, applyTaskOptions, createUnknownEnvironmentError } from "./environments.ts";
import { createStorageOption } from "./policy-source.ts";

interface EvaluateOptions extends DeviceFlags, Readonly<Record<string, unknown>> {
  readonly policy: string;
  readonly adapter?: string;
  readonly weightStorage: WeightStorage;
  readonly chat?: boolean;
  readonly cache?: string;
  readonly promptPrice?: number;
  readonly responsePrice?: number;
  readonly split?: string;
  readonly numTasks: number;
  readonly samples: number;
  readonly temperature: number;
  readonly maxTurns?: number;
  readonly seed: number;
  readonly patience?: number;
  readonly maxFailures: number;
  readonly out?: string;
  readonly json?: boolean;
}

/** `turnwise evaluate`: evaluates a policy, whether or not it was trained here. */
export function buildEvaluateCommand(): Command {
  const command = new Command("evaluate")
    .description("evaluate a policy on held-out tasks")
    .enablePositionalOptions()
    .argument("[environment]", environments.map(({ name }) => name).join(", "))
    .allowUnknownOption()
    .allowExcessArguments()
    .option("--resume <folder>", "resume the interrupted evaluation in this folder")
    .option("--json", "print one JSON object per line")
    .action(async (environment: string | undefined, options: ResumeOptions) => {
      if (environment !== undefined || options.resume === undefined) {
        throw createUnknownEnvironmentError(environment);
      }
      await resumeEvaluation(options.resume, options);
    });
  for (const environment of environments) {
    command.addCommand(buildEnvironmentCommand(environment));
  }
  return command;
}

/** `turnwise evaluate ENVIRONMENT`: evaluates a policy on the tasks of an environment. */
function buildEnvironmentCommand(environment: BuiltInEnvironment): Command {
  const command = new Command(environment.name)
    .description(`evaluate a policy on ${environment.description}`)
    .requiredOption(
      "--policy <path>",
      "random, demonstrator, folder of a model or a run, or JSON file that describes a model on a server",
    );
  return addDeviceOptions(addTaskOptions(command, environment))
    .option("--adapter <folder>", "PEFT folder with a LoRA adapter of the policy")
    .addOption(createStorageOption())
    .option("--chat", "send prompts as messages in the chat template of the policy")
    .addOption(
      new Option(
        "--prompt-price <number>",
        "price per million prompt tokens, to report the cost",
      ).argParser(parseNonNegative),
    )
    .addOption(
      new Option("--response-price <number>", "price per million response tokens").argParser(
        parseNonNegative,
      ),
    )
    .option(
      "--cache <folder>",
      "folder that caches answers of a server: equal requests with equal seeds are not sent again",
    )
    .option("--split <name>", "split of the tasks (default: held-out tasks)")
    .addOption(
      new Option("--num-tasks <number>", "number of tasks").argParser(parseCount).default(128),
    )
    .addOption(
      new Option("--samples <number>", "episodes per task; with 2 or more, pass@k is printed")
        .argParser(parseCount)
        .default(1),
    )
    .addOption(
      new Option("--temperature <number>", "sampling temperature; 0: greedy")
        .argParser(parseNonNegative)
        .default(0),
    )
    .addOption(
      new Option(
        "--max-turns <number>",
        "maximum number of turns per episode (default: the experiment's)",
      ).argParser(parseCount),
    )
    .addOption(
      new Option("--seed <number>", "seed of tasks and sampling")
        .argParser(parseWholeNumber)
        .default(1),
    )
    .addOption(
      new Option(
        "--max-failures <share>",
        "maximum share of episodes that may fail because of the infrastructure, in [0, 1]; above it, failed episodes are played again",
      )
        .argParser(parseFraction)
        .default(0.5),
    )
    .addOption(
      new Option(
        "--patience <seconds>",
        "seconds without progress before retries stop (default: the experiment's)",
      ).argParser(parseNonNegative),
    )
    .option(
      "--out <folder>",
      "evaluation folder; each episode is written when it ends (default: runs/evaluate-<environment>-<split>-<time>)",
    )
    .option("--json", "print one JSON object per line")
    .action(async (options: EvaluateOptions) => {
      await evaluatePolicy(environment, options);
    });
}

interface ResumeOptions {
  readonly resume?: string;
  readonly json?: boolean;
}

/** Plays the remaining episodes of an interrupted evaluation. */
async function resumeEvaluation(path: string, { json }: ResumeOptions): Promise<void> {
  const saved = await SavedEvaluation.open(path);
  const environment = findEnvironment(saved.settings.environment);
  if (environment === undefined) {
    const names = environments.map(({ name }) => name).join(", ");
    throw new InputError(
      `${path}: environment must be one of ${names}, got ${saved.settings.environment}`,
    );
  }
  const { json: _, ...options } = saved.settings.options as unknown as EvaluateOptions;
  await evaluatePolicy(environment, { ...options, ...(json === true && { json }) }, saved);
}

/** Creates the folder of an evaluation. */
async function createFolder(
  environment: BuiltInEnvironment,
  split: string,
  options: EvaluateOptions,
): Promise<SavedEvaluation> {
  // Replace characters that a folder name cannot have: the split may be a path.
  const splitName = split.replaceAll(/\W+/gu, "-");
  const name = ["evaluate", environment.name, splitName, formatTimestamp()].join("-");
  const { out = join("runs", name) } = options;
  return SavedEvaluation.create(
    out,
    { environment: environment.name, options: { ...options, out } },
    await readVersions(),
  );
}

async function evaluatePolicy(
  environment: BuiltInEnvironment,
  options: EvaluateOptions,
  resumed?: SavedEvaluation,
): Promise<void> {
  const experiment = applyTaskOptions(environment, options.seed, options);
  const { seed, temperature, samples } = options;
  const reporter =
    options.json === true ? createJsonReporter(process.stdout) : createTextReporter(process.stdout);
  const policy = await readInput(() =>
    openEvaluatedPolicy(options.policy, {
      threads: experiment.engine.threads,
      device: readDevice(options, "evaluate"),
      weightStorage: options.weightStorage,
      cacheFolder: options.cache,
      onDamagedCache: (damaged) =>
        reporter.warn(`${damaged}: cached answer is damaged; it is requested again`),
      ...(options.adapter !== undefined && { adapter: options.adapter }),
    }),
  );
  try {
    const wanted = options.split ?? environment.chooseEvaluationSplit(getTasks(experiment));
    const config = restrictConfig(environment, experiment, wanted, policy, options);
    const source = await openTasks(config);
    try {
      const { split, tasks } = source.evaluation[0]!;
      const saved = resumed ?? (await createFolder(environment, split, options));
      if (options.json !== true) {
        reporter.say(source.description);
        reporter.say(
          resumed === undefined
            ? `evaluation folder: ${saved.path}`
            : `resuming ${saved.path}: ${formatCount(saved.numKept, "episode")} already played`,
        );
      }
      const started = performance.now();
      const show = (report: EvaluationReport): Readonly<Record<string, unknown>> => {
        const context: EvaluationContext = {
          samples,
          seconds: (performance.now() - started) / 1000,
          prices: readPrices(options),
          paper: listPaperResults(environment),
        };
        const record = {
          stage: "evaluation",
          policy: options.policy,
          split,
          folder: saved.path,
          ...toEvaluationRecord(report, context),
          ...(source.omissions && { omissions: source.omissions }),
        };
        reporter.row(record, `${split}: ${formatEvaluation(report, context).join("\n  ")}`);
        return record;
      };
      const { environmentTimeoutSeconds } = source;
      const parts = await readInput(() => policy.parts(source));
      const sampler = "sampler" in parts ? parts.sampler : {};
      const progress = showPhases((text) => reporter.now(text), "evaluating", sampler);
      const numEpisodes = tasks.length * samples;
      progress.onPhase(split, 0, { done: 0, total: numEpisodes, unit: "episodes" });
      const play = () =>
        evaluate(`evaluate/${split}`, tasks, temperature, {
          ...parts,
          createEnvironment: source.createEnvironment,
          format: chooseFormat(source.format, policy, options, reporter),
          options: {
            ...config.episode,
            recordsStates: config.episode.recordedStates !== "none",
            ...(environmentTimeoutSeconds !== undefined && { environmentTimeoutSeconds }),
          },
          random: createRandom(seed),
          numSamples: samples,
          tolerance: {
            ...config.failures,
            maxInfrastructureShare: options.maxFailures,
            ...(options.patience !== undefined && { patienceSeconds: options.patience }),
          },
          findPlayed: saved.findKept,
          onEnd: saved.keep,
          onPause: (pause) => reporter.warn(`${split}: ${describePause(pause)}`),
          onProgress: (played) =>
            progress.onPhase(split, played.numEnded / played.numEpisodes, countEpisodes(played)),
        }).finally(() => progress.stop());
      const playAndReport = async (): Promise<void> => {
        try {
          await saved.writeReport(show(await play()));
        } catch (cause) {
          if (cause instanceof LostInfrastructure) {
            show(summarizeEvaluation(cause.groups));
            throw new StoppedRun(cause.message, { cause });
          }
          // If the server accepted no request at all, the policy file must be wrong.
          if (!(cause instanceof RemoteRefusal)) throw cause;
          throw new InputError(`${options.policy}: ${cause.message}`, { cause });
        } finally {
          await saved.finish();
        }
      };
      await runResumably(["evaluate", "--resume", saved.path], reporter, playAndReport, {
        prefix: "evaluate: ",
      });
    } finally {
      await source.close?.();
    }
  } finally {
    reporter.close();
    await policy.close();
  }
}

/** Returns the token prices of the options; `undefined` if no price is given. */
function readPrices({ promptPrice, responsePrice }: EvaluateOptions): EvaluationContext["prices"] {
  if (promptPrice === undefined && responsePrice === undefined) return undefined;
  return { prompt: promptPrice ?? 0, response: responsePrice ?? 0 };
}

/** Chooses the agent format: the chat template of the policy with `--chat`, plain text otherwise. */
function chooseFormat(
  format: AgentFormat,
  { loadedTokenizer }: EvaluatedPolicy,
  { chat, policy }: EvaluateOptions,
  reporter: Reporter,
): AgentFormat {
  if (loadedTokenizer === undefined) return format;
  if (chat === true) return toChatFormat(format, loadedTokenizer, policy);
  const warning = describeMissingChat(format, loadedTokenizer, policy, "--chat");
  if (warning !== undefined) reporter.warn(warning);
  return toPlainFormat(format, loadedTokenizer);
}

/** Restricts the experiment's settings to the tasks of the evaluation. */
function restrictConfig(
  environment: BuiltInEnvironment,
  experiment: ExperimentSettings,
  split: string,
  { takesMessages }: EvaluatedPolicy,
  { numTasks, maxTurns }: EvaluateOptions,
): ExperimentSettings {
  const evaluation = [{ split, numTasks }];
  const { episode } = experiment;
  const all = getTasks(experiment);
  const tasks = environment.limitToEvaluation?.(all, evaluation, takesMessages) ?? {
    ...all,
    numTraining: 0,
    evaluation,
  };
  return {
    ...experiment,
    episode: { ...episode, maxTurns: maxTurns ?? episode.maxTurns },
    tasks: tasks as ExperimentSettings["tasks"],
  };
}

/** Returns the task settings of an environment's experiment. */
function getTasks({ tasks }: ExperimentSettings): EnvironmentTasks {
  if (tasks.environment === "custom") throw new TypeError("getTasks: tasks must not be custom");
  return tasks;
}
