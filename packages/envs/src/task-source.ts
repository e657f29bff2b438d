import type { Random, Task } from "@turnwise/core";
import type { AgentFormat } from "./agent-format.ts";
import type { Demonstration } from "./demonstration.ts";
import type { EnvironmentFactory, Observation } from "./environment.ts";

/** A named list of tasks, in a fixed order. */
export interface TaskSplit {
  readonly split: string;
  readonly tasks: readonly Task[];
}

/**
 * A task set with its environment: everything that training, evaluation or a server needs to play
 * episodes. Built-in and custom environments implement the same interface.
 */
export interface TaskSource {
  /** Name of the task set in run folders and messages. */
  readonly name: string;
  /** Description, one sentence for people. */
  readonly description: string;
  /** Skipped tasks with reasons, as plain data. Default: none. */
  readonly omissions?: Readonly<Record<string, unknown>>;
  /** Tasks to train on; may be empty for an evaluation. */
  readonly training: readonly Task[];
  /** Splits to evaluate, in the order of the report. */
  readonly evaluation: readonly TaskSplit[];
  readonly createEnvironment: EnvironmentFactory;
  /** Prompts and parsing. */
  readonly format: AgentFormat;
  /** Time limit of one environment call, seconds. Default: the limit of the rollout. */
  readonly environmentTimeoutSeconds?: number;
  /**
   * Draws an action of the random baseline; `undefined` gives up. Default: uniformly from the
   * admissible actions.
   */
  readonly randomAction?: (observation: Observation, random: Random) => string | undefined;
  /** Source of demonstrations, for a warm start and for the baseline `demonstrator`. Optional. */
  readonly demonstrator?: Demonstrator;
  /**
   * Texts with all words that a new model must know, if there is no demonstrator. A model from a
   * checkpoint has its own tokenizer.
   */
  readonly vocabularyTexts?: readonly string[];
  /**
   * Loads every task once.
   * @param onProgress - Called with the share done, in (0, 1].
   * @throws `InputError` naming the first broken task.
   */
  validate?(onProgress: (done: number) => void): Promise<void>;
  /**
   * Returns and removes the records of the episodes graded since the previous call; they are
   * written to the run folder. Default: no records.
   */
  takeRecords?(): readonly AuditRecord[];
  /** Releases containers, files and connections. */
  close?(): Promise<void>;
}

/** Evidence for the verdict on one episode, as plain data. */
export interface AuditRecord {
  readonly taskId: string;
  /** True if there are signs of an attack on the grading. */
  readonly isSuspicious: boolean;
  readonly [field: string]: unknown;
}

/** Plays scripted episodes for a warm start to imitate. */
export interface Demonstrator {
  /** Records one or more demonstration episodes per task. */
  demonstrate(tasks: readonly Task[], slipShare: number, random: Random): Promise<Demonstration[]>;
  /** Demonstrations to imitate. Default `successes`. */
  readonly imitates?: "successes" | "all";
  /** Parts of the format that the tokenizer of a new model keeps as one token. Default: none. */
  readonly markers?: readonly string[];
  /**
   * Units of the tokenizer of a new model: words only, or text with its white space. Default
   * `words`.
   */
  readonly vocabulary?: "words" | "text";
  /**
   * Lists of words that can be exchanged for one another in demonstrations; a number at the end of a
   * word (`mug2`) is kept. Default: none.
   */
  exchangeable?(demonstrations: readonly Demonstration[]): readonly (readonly string[])[];
}
