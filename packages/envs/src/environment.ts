import type { RenderedState, Task } from "@turnwise/core";

/** What an environment shows the agent. */
export interface Observation {
  readonly text: string;
  /** The actions that would have an effect now, where the environment knows them. */
  readonly admissibleActions?: readonly string[];
}

/** The environment's reply to an action. */
export interface StepResult extends Observation {
  readonly reward: number;
  /** Whether the environment ended the episode. */
  readonly isTerminal: boolean;
  /** Whether the task is solved. */
  readonly isSuccess: boolean;
  /** The benchmark's own measure so far, where it has one beside success, in [0, 1]. */
  readonly score?: number;
}

/** The stateful world of one task, used for one episode and then closed. */
export interface Environment {
  /** Begins the episode. Called once, before all else. */
  reset(signal?: AbortSignal): Promise<Observation>;
  /** Carries out an action. What it cannot do is answered in words, not thrown. */
  step(action: string, signal?: AbortSignal): Promise<StepResult>;
  /**
   * State as it is now, for the record of the episode: called after `reset` and after each `step`. It
   * must change nothing. An exception fails the episode as one of `step` does.
   */
  render?(signal?: AbortSignal): Promise<RenderedState>;
  /** Frees what the environment holds. May be called at any time, and again. */
  close(): Promise<void>;
}

/** Makes the environment of a task, one for each episode. */
export type EnvironmentFactory = (task: Task) => Promise<Environment>;
