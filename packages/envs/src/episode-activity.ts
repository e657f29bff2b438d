import type { Trajectory } from "@turnwise/core";

/** Activity of an episode: the episode itself, or an operation that it waits for. */
export interface EpisodeActivity {
  /**
   * Kind of activity: `response` waits for the agent, `environment` for a call to the environment.
   */
  readonly kind: "episode" | "environment" | "response";
  /**
   * Name of the activity: `episode`, `respond`, or the call: `create environment`, `reset`, `step`.
   */
  readonly name: string;
  readonly taskId: string;
  readonly groupId: string;
  readonly trajectoryIndex: number;
  /** Index of the turn, from 0. */
  readonly turnIndex: number;
  /** Names the resource that the environment is currently using, such as a container. */
  readonly describeResource?: () => string | undefined;
}

/** Called at the end of an activity; for an episode, with its trajectory if there is one. */
export type EndActivity = (trajectory?: Trajectory) => void;

/**
 * Called at the start of each activity of an episode, for monitoring or tracing. Must not throw.
 */
export type OnActivity = (activity: EpisodeActivity) => EndActivity;
