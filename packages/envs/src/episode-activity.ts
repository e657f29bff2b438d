import type { Trajectory } from "@turnwise/core";

/** Work of an episode while it lasts: the episode itself, or something that it waits for. */
export interface EpisodeActivity {
  /** `response` waits for the agent, `environment` for a call to the environment. */
  readonly kind: "episode" | "environment" | "response";
  /** `episode`, `respond`, or the call: `create environment`, `reset`, `step`. */
  readonly name: string;
  readonly taskId: string;
  readonly groupId: string;
  readonly trajectoryIndex: number;
  /** Index of the turn, from 0. */
  readonly turnIndex: number;
  /** Resource that the environment works with at the moment, such as a container. */
  readonly describeResource?: () => string | undefined;
}

/** Called at the end of an activity; with the record at the end of an episode that has one. */
export type EndActivity = (trajectory?: Trajectory) => void;

/** Called at the start of each activity of an episode, to watch or trace it. Must not throw. */
export type OnActivity = (activity: EpisodeActivity) => EndActivity;
