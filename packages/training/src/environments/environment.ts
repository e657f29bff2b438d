import type { EvaluationSplit, TaskEpisode, TaskSource } from "@turnwise/envs";
import type { ServedTool } from "@turnwise/envs/serve";
import type { PaperSetting } from "@turnwise/estimators";
import type { z } from "zod";
import type { ExperimentNeed } from "../experiments/experiment-need.ts";
import type { IdleRule } from "../experiment/idle-rule.ts";
import type { InputOn, SettingsOn } from "../experiment/run-schema.ts";

/** Settings that the tasks of every environment have. */
export interface EnvironmentTasks {
  readonly environment: string;
  /** Maximum number of training tasks; 0 in an evaluation. */
  readonly numTraining: number;
  readonly evaluation: readonly EvaluationSplit[];
}

/** Command-line option of `train` and `evaluate` for a setting of the tasks. */
export interface TaskOption<K extends string = string> {
  readonly setting: K;
  /** Name without dashes. Default: the name of the setting, in kebab-case. */
  readonly flag?: string;
  /** Placeholder of the value in help texts. Default: derived from the type of the setting. */
  readonly value?: string;
  /** Description in help texts. Default: the effect of the setting. */
  readonly description?: string;
  /** Settings that cannot be combined with this option. */
  readonly conflicts?: readonly K[];
  /**
   * Parses the text of the option. Default: a parser for the type of the setting.
   * @throws `RangeError` whose message ends the sentence "option ... is invalid: ".
   */
  readonly parse?: (text: string) => unknown;
}

/** Named experiment of an environment. */
export interface EnvironmentExperiment<T> {
  /** Name on the command line. */
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  readonly needs: readonly ExperimentNeed[];
  readonly create: (seed: number) => InputOn<T>;
}

/** Runs of a language model with the settings of AEM's paper. */
export interface PaperExperiment<T> {
  readonly setting: PaperSetting;
  /** Task settings in which the paper's runs differ from {@link PaperExperiment.create}. */
  readonly tasks: Partial<T>;
  readonly needs: readonly ExperimentNeed[];
  /** Experiment on the paper's tasks. */
  readonly create: (seed: number) => InputOn<T>;
}

/** The way `turnwise serve` offers an environment. */
export interface EnvironmentServing<T, K> {
  /**
   * Entry point of `@turnwise/envs` that exports the function that opens the tasks. Worker threads
   * import it.
   */
  readonly module: string;
  /**
   * Name of the function that opens the tasks; it has the parameters of {@link
   * EnvironmentDefinition.open}.
   */
  readonly exported: string;
  /** Task settings of a server, where they differ from the experiment's; options override them. */
  readonly tasks: Partial<T>;
  /** Settings that every session may choose for itself. */
  readonly sessionSettings: readonly K[];
  /** Splits besides `train`. Splits without tasks are omitted. */
  listSplits(tasks: T): readonly string[];
  /** True if the tasks come from files; a server then offers all of them by default. */
  isComplete(tasks: T): boolean;
  /** Maximum number of threads. Default: the server's. */
  readonly maxThreads?: number;
  /**
   * True if sessions get prompts and send responses unless they choose otherwise; false if they get
   * observations and send actions. Default false.
   */
  readonly isPrompted?: boolean;
  /** Tools for models that call tools. Default: one that performs any action. */
  createTools?(tasks: T): readonly ServedTool[];
}

/**
 * A built-in environment: its schema, command-line options and experiments. To add an environment,
 * list it in `environments.ts`.
 *
 * @typeParam T - Settings of the environment's tasks.
 * @typeParam S - Schema of `T`.
 * @typeParam K - Names of the settings.
 */
export interface EnvironmentDefinition<
  T extends EnvironmentTasks = EnvironmentTasks,
  S extends z.core.$ZodType = z.core.$ZodType,
  K extends string = keyof T & string,
> {
  /** Value of `tasks.environment`. */
  readonly name: T["environment"];
  /** Description of the environment's tasks, for help texts. */
  readonly description: string;
  readonly schema: S;
  /** Opens the tasks. @throws `InputError` if there are no tasks, or they cannot be read. */
  open(tasks: T, episode: TaskEpisode, seed: number): Promise<TaskSource>;
  /** Task settings that `train` and `evaluate` offer as options, in the order of the help text. */
  readonly options: readonly (K | TaskOption<K>)[];
  /**
   * Creates the experiment of `turnwise train NAME`.
   * @param chosen - Task settings that were given as options.
   */
  createExperiment(seed: number, chosen: Partial<T>): InputOn<T>;
  readonly experiments: readonly EnvironmentExperiment<T>[];
  /**
   * Paper's experiment; absent if the paper does not use the environment.
   */
  readonly paper?: PaperExperiment<T>;
  /**
   * Settings of language models in an environment that the paper does not use. Without these,
   * language models need the user's own experiment.
   */
  readonly languageModel?: Pick<PaperExperiment<T>, "setting" | "tasks">;
  /** Chooses the split that `evaluate` plays by default. */
  chooseEvaluationSplit(tasks: T): string;
  /**
   * Removes the training tasks, for an evaluation.
   * @param isServed - True if a server applies the chat template.
   */
  limitToEvaluation?(tasks: T, evaluation: T["evaluation"], isServed: boolean): T;
  /**
   * Chooses the tasks that the summary of a run suggests for evaluation. Default: the tasks of the
   * run.
   */
  suggestTasks?(tasks: T): T;
  /** Task settings that have no effect under some condition. */
  readonly idleRules?: readonly IdleRule<T>[];
  /** Finds settings that contradict each other; returns `FIELD must RULE, got VALUE`. */
  findConflict?(settings: SettingsOn<T>): string | undefined;
  readonly serving: EnvironmentServing<T, K>;
  /** True if episodes start containers; a dry run then does not play any. */
  readonly startsContainers?: boolean;
}

/** Any built-in environment. */
export type BuiltInEnvironment = EnvironmentDefinition<EnvironmentTasks, z.core.$ZodType, string>;
