import type { RenderedState, Task } from "@turnwise/core";

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
   * Current state, for the record of the episode: called after `reset` and after each `step`. Must
   * not change the state. An exception fails the episode like one of `step`.
   */
  render?(signal?: AbortSignal): Promise<RenderedState>;
  /** Releases the resources of the environment. May be called at any time, and repeatedly. */
  close(): Promise<void>;
}

/** Makes the environment of a task, one per episode. */
export type EnvironmentFactory = (task: Task) => Promise<Environment>;
