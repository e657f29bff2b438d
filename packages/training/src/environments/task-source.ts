import type { Random, Task } from "@turnwise/core";
import type { AgentFormat, EnvironmentFactory } from "@turnwise/envs";
import type { Demonstration } from "../demonstrations.ts";

/** The tasks of a run: what is trained on, what is evaluated on, and how they are played. */
export interface TaskSource {
  /** One sentence for people. */
  readonly description: string;
  readonly training: readonly Task[];
  readonly evaluation: readonly { readonly split: string; readonly tasks: readonly Task[] }[];
  readonly createEnvironment: EnvironmentFactory;
  /** How the agent reads and writes. */
  readonly format: AgentFormat;
  /** Parts of the format that a tokenizer made for these tasks keeps whole. */
  readonly markers: readonly string[];
  /** What a tokenizer made for these tasks keeps: words alone, or white space too. Default `words`. */
  readonly vocabulary?: "words" | "text";
  /** The longest that one call of an environment may take, seconds. Default: the rollout's. */
  readonly environmentTimeoutSeconds?: number;
  /** Loads every task once. @throws `InputError` naming the first that is broken. */
  validate(onProgress: (done: number) => void): Promise<void>;
  /**
   * Episodes of a demonstrator in training tasks.
   * @param slipShare - How often it says something that has no effect, in [0, 1).
   */
  demonstrate(tasks: readonly Task[], slipShare: number, random: Random): Promise<Demonstration[]>;
  /** Which demonstrations are imitated. Default `successes`. */
  readonly imitates?: "successes" | "all";
  /**
   * Words that may stand for one another in demonstrations, in lists; each word also with the
   * numbers that it bears. None: nothing is exchanged.
   */
  exchangeable(demonstrations: readonly Demonstration[]): readonly (readonly string[])[];
  /** Frees what the tasks hold: containers, files. */
  close(): Promise<void>;
}
