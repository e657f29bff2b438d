import type { EnvironmentState, Task } from "@turnwise/core";

/** Observation of the agent. */
export interface Observation {
  readonly text: string;
  /** Actions that would have an effect now, if the environment knows them. */
  readonly admissibleActions?: readonly string[];
}

/** Reply of the environment to an action. */
export interface StepResult extends Observation {
  readonly reward: number;
  /** True if the environment ended the episode. */
  readonly isTerminal: boolean;
  /** True if the task is solved. */
  readonly isSuccess: boolean;
  /** Benchmark's own score so far, in [0, 1], if it has one in addition to success. */
  readonly score?: number;
}

/** The stateful world of one task, used for one episode and then closed. */
export interface Environment {
  /** Starts the episode. Called once, before anything else. */
  reset(signal?: AbortSignal): Promise<Observation>;
  /** Performs an action. An invalid action gets a text answer instead of an exception. */
  step(action: string, signal?: AbortSignal): Promise<StepResult>;
  /**
   * Current state for people who watch, called after `reset` and after any `step`, or never. Must be
   * plain data of at most `maxStateBytes` (see `boundState`), and change nothing: not the replies, and
   * not the next rendering. An exception costs the state, not the episode.
   */
  render?(signal?: AbortSignal): Promise<EnvironmentState>;
  /** Names the resource that it works with at the moment, such as a container; for messages. */
  describeResource?(): string | undefined;
  /** Releases the resources of the environment. May be called at any time, and repeatedly. */
  close(): Promise<void>;
}

/** Makes the environment of a task, one per episode. */
export type EnvironmentFactory = (task: Task) => Promise<Environment>;
