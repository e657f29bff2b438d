import { join } from "node:path";
import { createRandom } from "@turnwise/core";
import type { AgentFormat } from "@turnwise/envs";
import type { WeightStorage } from "@turnwise/policy/local";
import { RemoteRefusal } from "@turnwise/policy/remote";
import { Command, Option } from "commander";
import {
  toChatFormat,
  environments,
  countEpisodes,
  evaluate,
  formatEvaluation,
  toEvaluationRecord,
  summarizeEvaluation,
  findEnvironment,
  InputError,
  createJsonReporter,
  LostInfrastructure,
  describeMissingChat,
  openEvaluatedPolicy,
  openTasks,
  listPaperResults,
  describePause,
  toPlainFormat,
  showPhases,
  readInput,
  SavedEvaluation,
  StoppedRun,
  createTextReporter,
  readVersions,
  type BuiltInEnvironment,
  type EvaluationContext,
  type EnvironmentTasks,
  type EvaluatedPolicy,
  type EvaluationReport,
  type Reporter,
  type ExperimentSettings,
} from "@turnwise/training";
import { deviceOf, withDevice, type DeviceFlags } from "../device.ts";
import { runResumably } from "../run-resumably.ts";
import { timestamp } from "../timestamp.ts";
import { nonNegative, positiveNumber, upToOne, wholeNumber } from "./arguments.ts";
import { addTaskOptions, environmentSettings, unknownEnvironment } from "./environments.ts";
import { weightStorageOption } from "./policy-source.ts";

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

/** `turnwise evaluate`: plays tasks with a policy, trained or not. */
export function evaluateCommand(): Command {
  const command = new Command("evaluate")
    .description("play tasks that were not trained on with a policy")
    .enablePositionalOptions()
    .argument("[environment]")
    .allowUnknownOption()
    .allowExcessArguments()
    .option("--resume <folder>", "resume an interrupted evaluation")
    .option("--json", "print one JSON object a line")
    .action(async (environment: string | undefined, options: ResumeOptions) => {
      if (environment !== undefined || options.resume === undefined) {
        throw unknownEnvironment(environment);
      }
      await resumeEvaluation(options.resume, options);
    });
  for (const environment of environments) {
    command.addCommand(environmentCommand(environment));
  }
  return command;
}

/** `turnwise evaluate ENVIRONMENT`. */
function environmentCommand(environment: BuiltInEnvironment): Command {
  const command = new Command(environment.name)
    .description(`play ${environment.description}`)
    .requiredOption(
      "--policy <path>",
      "random, demonstrator, the folder of a model or a run, or a JSON file that describes a model on a server",
    );
  return withDevice(addTaskOptions(command, environment))
    .option("--adapter <folder>", "a low-rank adapter of the policy: a PEFT folder")
    .addOption(weightStorageOption())
    .option("--chat", "prompts are messages in the policy's chat template")
    .addOption(
      new Option(
        "--prompt-price <number>",
        "price per million prompt tokens, to report the cost",
      ).argParser(nonNegative),
    )
    .addOption(
      new Option("--response-price <number>", "price per million response tokens").argParser(
        nonNegative,
      ),
    )
    .option(
      "--cache <folder>",
      "folder of a server's answers: equal requests with equal seeds are not sent again",
    )
    .option("--split <name>", "which tasks (default: those held out)")
    .addOption(new Option("--num-tasks <number>").argParser(positiveNumber).default(128))
    .addOption(
      new Option("--samples <number>", "episodes of each task; from 2 on, pass@k is printed")
        .argParser(positiveNumber)
        .default(1),
    )
    .addOption(
      new Option("--temperature <number>", "0 plays greedily").argParser(nonNegative).default(0),
    )
    .addOption(
      new Option("--max-turns <number>", "(default: the experiment's)").argParser(positiveNumber),
    )
    .addOption(new Option("--seed <number>").argParser(wholeNumber).default(1))
    .addOption(
      new Option(
        "--max-failures <share>",
        "share of episodes that may fail for infrastructure reasons; above it, they are played again",
      )
        .argParser(upToOne)
        .default(0.5),
    )
    .addOption(
      new Option(
        "--patience <seconds>",
        "time without progress until retries end (default: the experiment's)",
      ).argParser(nonNegative),
    )
    .option(
      "--out <folder>",
      "folder to which episodes are written as they end (default: runs/evaluate-<environment>-<split>-<time>)",
    )
    .option("--json", "print one JSON object a line")
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
  // A split may be the path of a folder of games.
  const splitName = split.replaceAll(/\W+/gu, "-");
  const name = ["evaluate", environment.name, splitName, timestamp()].join("-");
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
  const experiment = environmentSettings(environment, options.seed, options);
  const { seed, temperature, samples } = options;
  const reporter =
    options.json === true ? createJsonReporter(process.stdout) : createTextReporter(process.stdout);
  const policy = await readInput(() =>
    openEvaluatedPolicy(options.policy, {
      threads: experiment.engine.threads,
      device: deviceOf(options, "evaluate"),
      weightStorage: options.weightStorage,
      cacheFolder: options.cache,
      onDamagedCache: (damaged) =>
        reporter.warn(`${damaged}: cached answer is damaged; it is requested again`),
      ...(options.adapter !== undefined && { adapter: options.adapter }),
    }),
  );
  try {
    const wanted = options.split ?? environment.chooseEvaluationSplit(tasksOf(experiment));
    const config = evaluationConfig(environment, experiment, wanted, policy, options);
    const source = await openTasks(config);
    try {
      const { split, tasks } = source.evaluation[0]!;
      const saved = resumed ?? (await createFolder(environment, split, options));
      if (options.json !== true) {
        reporter.say(source.description);
        reporter.say(
          resumed === undefined
            ? `evaluation folder: ${saved.path}`
            : `resuming ${saved.path}: ${saved.numKept} episodes are kept`,
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
          format: evaluatedFormat(source.format, policy, options, reporter),
          options: {
            ...config.episode,
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
          // Not one request was accepted: the policy's file is wrong.
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

/** Prices of the options; `undefined` if none is given. */
function readPrices({ promptPrice, responsePrice }: EvaluateOptions): EvaluationContext["prices"] {
  if (promptPrice === undefined && responsePrice === undefined) return undefined;
  return { prompt: promptPrice ?? 0, response: responsePrice ?? 0 };
}

/** Agent format of the tasks for this policy: in its chat template with `--chat`, plain otherwise. */
function evaluatedFormat(
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

/** Settings of the experiment, restricted to the tasks of the evaluation. */
function evaluationConfig(
  environment: BuiltInEnvironment,
  experiment: ExperimentSettings,
  split: string,
  { takesMessages }: EvaluatedPolicy,
  { numTasks, maxTurns }: EvaluateOptions,
): ExperimentSettings {
  const evaluation = [{ split, numTasks }];
  const { episode } = experiment;
  const all = tasksOf(experiment);
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

/** Tasks of an environment's experiment. */
function tasksOf({ tasks }: ExperimentSettings): EnvironmentTasks {
  if (tasks.environment === "custom") throw new TypeError("tasksOf: tasks must not be custom");
  return tasks;
}
