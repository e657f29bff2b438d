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
  /** The benchmark's score so far, in [0, 1], if it has one in addition to success. */
  readonly score?: number;
}

/** The stateful world of one task, used for one episode and then closed. */
export interface Environment {
  /** Starts the episode. Called once, before anything else. */
  reset(signal?: AbortSignal): Promise<Observation>;
  /** Performs an action. An invalid action gets a text answer instead of an exception. */
  step(action: string, signal?: AbortSignal): Promise<StepResult>;
  /**
   * Renders the current state for logs and the viewer. May be called after `reset` and after any
   * `step`. The result must be plain data of at most `maxStateBytes` (see `boundState`). Rendering
   * must not affect replies or later renderings. If it throws, only the state is lost; the episode
   * continues.
   */
  render?(signal?: AbortSignal): Promise<EnvironmentState>;
  /**
   * Names the resource that the environment is currently using, such as a container, for messages.
   */
  describeResource?(): string | undefined;
  /** Releases the resources of the environment. May be called at any time, and repeatedly. */
  close(): Promise<void>;
}

/** Creates the environment of a task, one per episode. */
export type EnvironmentFactory = (task: Task) => Promise<Environment>;
