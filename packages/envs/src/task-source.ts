import type { Random, Task } from "@turnwise/core";
import type { AgentFormat } from "./agent-format.ts";
import type { Demonstration } from "./demonstration.ts";
import type { EnvironmentFactory } from "./environment.ts";

/** Named list of tasks, in a fixed order. */
export interface TaskSplit {
  readonly split: string;
  readonly tasks: readonly Task[];
}

/**
 * Task set with its environment: everything that training, evaluation or a server needs to play
 * episodes. The built-in environments and those of users implement the same interface.
 */
export interface TaskSource {
  /** Names the task set in run folders and messages. */
  readonly name: string;
  /** One sentence for people. */
  readonly description: string;
  /** Tasks that were found and are not used, with reasons, as plain data. Default: none. */
  readonly omissions?: Readonly<Record<string, unknown>>;
  /** Tasks to train on; may be empty in an evaluation. */
  readonly training: readonly Task[];
  /** Splits to evaluate, in the order of the report. */
  readonly evaluation: readonly TaskSplit[];
  readonly createEnvironment: EnvironmentFactory;
  /** Prompts and parsing. */
  readonly format: AgentFormat;
  /** Time limit of one environment call, seconds. Default: the rollout's. */
  readonly environmentTimeoutSeconds?: number;
  /** Scripted episodes for a warm start; a task set needs none. */
  readonly demonstrator?: Demonstrator;
  /**
   * Texts that hold every word a new model must know, where no demonstrator shows them. A model from
   * a checkpoint has its own tokenizer.
   */
  readonly vocabularyTexts?: readonly string[];
  /**
   * Loads every task once.
   * @param onProgress - Called with the share done, in (0, 1].
   * @throws `InputError` naming the first broken task.
   */
  validate?(onProgress: (done: number) => void): Promise<void>;
  /**
   * Takes the records of the episodes that were graded since the last call, for the run folder.
   * Default: none.
   */
  takeRecords?(): readonly AuditRecord[];
  /** Frees containers, files and connections. */
  close?(): Promise<void>;
}

/** Evidence for the verdict on one episode, as plain data. */
export interface AuditRecord {
  readonly taskId: string;
  /** Whether something points to an attack on the grading. */
  readonly isSuspicious: boolean;
  readonly [field: string]: unknown;
}

/** Plays scripted episodes that a warm start imitates. */
export interface Demonstrator {
  /**
   * Records one or more episodes per task.
   * @param slipShare - Probability of a no-op before each action, in [0, 1).
   */
  demonstrate(tasks: readonly Task[], slipShare: number, random: Random): Promise<Demonstration[]>;
  /** Demonstrations to imitate. Default `successes`. */
  readonly imitates?: "successes" | "all";
  /** Parts of the format that the tokenizer of a new model keeps whole. Default: none. */
  readonly markers?: readonly string[];
  /** Units of the tokenizer of a new model: words alone, or text with its white space. Default `words`. */
  readonly vocabulary?: "words" | "text";
  /**
   * Lists of words that are interchangeable in demonstrations, each also with the numbers that it
   * carries. Default: none.
   */
  exchangeable?(demonstrations: readonly Demonstration[]): readonly (readonly string[])[];
}
