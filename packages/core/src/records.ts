import type { FailureKind } from "./failure.ts";

/**
 * Version of the records in this file; written into every stored trajectory. Version 2 added stop
 * reasons, policy versions of tokens, rendered states, and the credit that training stores with a turn.
 */
export const recordVersion = 2;

/** One problem: a household goal, a shopping instruction, an issue to fix. */
export interface Task {
  /** Names the task within its task set; stable over runs and machines. */
  readonly id: string;
  /** What sort of task it is, for metrics that are split by it: `pick_heat_then_place_in_recep`. */
  readonly kind: string;
}

/**
 * How an episode ended. Three different things: the environment ended it, a limit of ours cut it,
 * or something broke.
 */
export type Outcome =
  | { readonly kind: "terminated"; readonly isSuccess: boolean }
  | {
      readonly kind: "truncated";
      readonly limit: "turns" | "tokens" | "time";
      /** The numbers that met: `prompt of 700 tokens and response of at most 512 exceed 1024`. */
      readonly message?: string;
    }
  | {
      readonly kind: "failed";
      readonly error: { readonly kind: FailureKind; readonly message: string };
    };

/** State of an environment for people and programs that look on; the agent never sees it. */
export interface RenderedState {
  readonly mediaType: "text/plain" | "text/html" | "application/json";
  readonly content: string;
}

/** Reason for which a sampler ended a response: see `SampledResponse.stopReason`. */
export type ResponseStop = "stop-token" | "stop-string" | "length";

/** One response and the environment's reply. */
export interface Turn {
  /**
   * The tokens that were given before the response. In a turn-wise trajectory the whole prompt; in
   * a concatenated one only what was appended since the previous response.
   */
  readonly promptTokens: readonly number[];
  /** The tokens that the policy sampled, end-of-response token included, as sampled. */
  readonly responseTokens: readonly number[];
  /** Of each response token under the engine that sampled it, at its temperature, nats. */
  readonly samplerLogProbs: readonly number[];
  /** Of each distribution that a response token was drawn from, nats; absent if not offered. */
  readonly samplerEntropies?: readonly number[];
  /** Version of the weights that sampled each token, `[token]`; absent: the trajectory's for all. */
  readonly policyVersions?: readonly number[];
  /** Reason for which the response ended; absent in records of responses that were not sampled. */
  readonly stopReason?: ResponseStop;
  /** What the environment was told. */
  readonly action: string;
  /** Whether the response had the form that the prompt asks for (not whether it had an effect). */
  readonly isValidAction: boolean;
  /** What the environment replied. */
  readonly observation: string;
  /** What the environment paid. */
  readonly reward: number;
  /** The benchmark's own measure so far, where the environment has one beside success, in [0, 1]. */
  readonly score?: number;
  /** What the recipe takes off for this response alone, such as for its form, `>= 0`; absent: 0. */
  readonly penalty?: number;
  /** State after the action, where the environment renders it. */
  readonly rendering?: RenderedState;
}

/**
 * How a trajectory is shown to the model: every turn as a prompt of its own, or all turns as one
 * growing sequence.
 */
export type Presentation = "turn-wise" | "concatenated";

/** The record of one episode. Plain data: it survives `structuredClone` and JSON. */
export interface Trajectory {
  readonly version: typeof recordVersion;
  readonly taskId: string;
  readonly taskKind: string;
  /** The group it belongs to; trajectories of one group play the same task. */
  readonly groupId: string;
  /** Its place in the group, from 0. */
  readonly trajectoryIndex: number;
  readonly presentation: Presentation;
  /** The version of the weights that sampled it. */
  readonly policyVersion: number;
  /** What the environment said before the first turn. */
  readonly firstObservation: string;
  /** State before the first turn, where the environment renders it. */
  readonly firstRendering?: RenderedState;
  readonly turns: readonly Turn[];
  readonly outcome: Outcome;
}

/** The sibling trajectories of one drawn task. */
export interface Group {
  readonly id: string;
  readonly task: Task;
  readonly trajectories: readonly Trajectory[];
}

/** The sum of a trajectory's rewards: its return from the first turn on, undiscounted, without penalties. */
export function trajectoryReturn(trajectory: Trajectory): number {
  let total = 0;
  for (const turn of trajectory.turns) total += turn.reward;
  return total;
}

/** True unless the episode failed. Success rates are shares of graded episodes. */
export function isGraded({ outcome }: Pick<Trajectory, "outcome">): boolean {
  return outcome.kind !== "failed";
}

/** Whether the environment ended the episode as solved. */
export function isSuccess(trajectory: Trajectory): boolean {
  return trajectory.outcome.kind === "terminated" && trajectory.outcome.isSuccess;
}
