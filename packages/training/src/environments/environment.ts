import type { EvaluationSplit, TaskEpisode, TaskSource } from "@turnwise/envs";
import type { PaperSetting } from "@turnwise/estimators";
import type { z } from "zod";
import type { ExperimentNeed } from "../experiments/experiment-need.ts";
import type { IdleRule } from "../experiment/idle-rule.ts";
import type { InputOn, SettingsOn } from "../experiment/run-schema.ts";

/** Settings that the tasks of every environment have. */
export interface EnvironmentTasks {
  readonly environment: string;
  /** Maximum number of training tasks; 0 for an evaluation. */
  readonly numTraining: number;
  readonly evaluation: readonly EvaluationSplit[];
}

/** Command-line option of `train` and `evaluate` for a setting of the tasks. */
export interface TaskOption<K extends string = string> {
  readonly setting: K;
  /** Name without dashes. Default: the setting's, in kebab-case. */
  readonly flag?: string;
  /** Placeholder of the value. Default: by the setting's type. */
  readonly value?: string;
  /** For help texts. Default: the setting's effect. */
  readonly description?: string;
  /** Settings that it cannot be combined with. */
  readonly conflicts?: readonly K[];
  /**
   * Parses the text of the option. Default: by the setting's type.
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

/** Runs of a language model in the setting of AEM's paper. */
export interface PaperExperiment<T> {
  readonly setting: PaperSetting;
  /** Settings of the tasks in which the paper's runs differ from {@link PaperExperiment.create}. */
  readonly tasks: Partial<T>;
  readonly needs: readonly ExperimentNeed[];
  /** Experiment on the paper's tasks. */
  readonly create: (seed: number) => InputOn<T>;
}

/**
 * A built-in environment: everything that the schema, the command line and the built-in experiments need.
 * To add one, list it in `environments.ts`.
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
  /** @throws `InputError` if there are no tasks, or they cannot be read. */
  open(tasks: T, episode: TaskEpisode, seed: number): Promise<TaskSource>;
  /** Settings of the tasks that `train` and `evaluate` offer as options, in the order of the help. */
  readonly options: readonly (K | TaskOption<K>)[];
  /**
   * Creates the experiment of `turnwise train NAME`.
   * @param chosen - Task settings that were given as options.
   */
  createExperiment(seed: number, chosen: Partial<T>): InputOn<T>;
  readonly experiments: readonly EnvironmentExperiment<T>[];
  /** Absent if the paper does not use it: language models then need the user's own experiment. */
  readonly paper?: PaperExperiment<T>;
  /** Chooses the split that `evaluate` plays by default. */
  chooseEvaluationSplit(tasks: T): string;
  /** Limits tasks to an evaluation. @param isServed - True if a server applies the chat template. */
  limitToEvaluation?(tasks: T, evaluation: T["evaluation"], isServed: boolean): T;
  /** Chooses tasks that the summary of a run suggests for evaluation. Default: the run's. */
  suggestTasks?(tasks: T): T;
  /** Settings of the tasks that have no effect under a condition. */
  readonly idleRules?: readonly IdleRule<T>[];
  /** Settings that cannot work together, as `FIELD must RULE, got VALUE`. */
  findConflict?(settings: SettingsOn<T>): string | undefined;
  /** True if an episode starts containers, which a dry run avoids. */
  readonly startsContainers?: boolean;
}

/** Any built-in environment. */
export type BuiltInEnvironment = EnvironmentDefinition<EnvironmentTasks, z.core.$ZodType, string>;
