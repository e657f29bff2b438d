import type { EnvironmentState } from "./environment-state.ts";
import type { FailureKind } from "./failure.ts";

/**
 * Version of the records in this file; written into every stored trajectory. Version 2 added stop
 * reasons, policy versions of tokens, environment states, and the credit that training stores with
 * each turn.
 */
export const recordVersion = 2;

/** One problem: a household goal, a shopping instruction, an issue to fix. */
export interface Task {
  /** Unique in its task set; stable across runs and machines. */
  readonly id: string;
  /**
   * Category of the task, such as `pick_heat_then_place_in_recep`; metrics are reported per kind.
   */
  readonly kind: string;
}

/**
 * End of an episode: the environment ended it, a limit of the rollout truncated it, or something
 * failed.
 */
export type Outcome =
  | { readonly kind: "terminated"; readonly isSuccess: boolean }
  | {
      readonly kind: "truncated";
      readonly limit: "turns" | "tokens" | "time";
      /** Details with numbers: `prompt of 700 tokens and response of at most 512 exceed 1024`. */
      readonly message?: string;
    }
  | {
      readonly kind: "failed";
      readonly error: { readonly kind: FailureKind; readonly message: string };
    };

/** Reason why a sampler ended a response: see `SampledResponse.stopReason`. */
export type ResponseStop = "stop-token" | "stop-string" | "length";

/** Token counts of one response, as reported by a server. */
export interface TokenUsage {
  /** Tokens of the whole prompt, cached or not. */
  readonly promptTokens: number;
  readonly responseTokens: number;
}

/** One response and the environment's reply. */
export interface Turn {
  /**
   * Tokens before the response. Turn-wise: the whole prompt. Concatenated: only the tokens appended
   * since the previous response.
   */
  readonly promptTokens: readonly number[];
  /** Tokens as sampled by the policy, end token included. */
  readonly responseTokens: readonly number[];
  /** Log-prob of each response token under the sampler, at its temperature, nats. */
  readonly samplerLogProbs: readonly number[];
  /** Entropy of the distribution of each response token, nats; absent if not available. */
  readonly samplerEntropies?: readonly number[];
  /**
   * Version of the weights that sampled each token, `[token]`; absent: `policyVersion` of the
   * trajectory for all tokens.
   */
  readonly policyVersions?: readonly number[];
  /**
   * Token counts of a server with another tokenizer; absent: the lengths of the lists above are the
   * counts.
   */
  readonly usage?: TokenUsage;
  /** Reason why the response ended; absent in records of responses that were not sampled. */
  readonly stopReason?: ResponseStop;
  /** Action that the environment received. */
  readonly action: string;
  /** True if the response had the requested format (whether or not it had an effect). */
  readonly isValidAction: boolean;
  /** Observation that the environment returned. */
  readonly observation: string;
  /** Reward from the environment. */
  readonly reward: number;
  /**
   * The benchmark's score so far, in [0, 1], if the environment has one in addition to success.
   */
  readonly score?: number;
  /** Penalty of this response alone, for example for a format error, `>= 0`; absent: 0. */
  readonly penalty?: number;
  /** State of the environment before the response, if states are recorded. */
  readonly state?: EnvironmentState;
}

/**
 * Presentation of a trajectory to the model: every turn as a separate prompt, or all turns as one
 * growing sequence.
 */
export type Presentation = "turn-wise" | "concatenated";

/** Record of one episode. Plain data: it survives `structuredClone` and JSON. */
export interface Trajectory {
  readonly version: typeof recordVersion;
  readonly taskId: string;
  readonly taskKind: string;
  /** Group of the trajectory; all trajectories of a group play the same task. */
  readonly groupId: string;
  /** Index in the group, from 0. */
  readonly trajectoryIndex: number;
  readonly presentation: Presentation;
  /** Version of the weights that sampled the trajectory. */
  readonly policyVersion: number;
  /** Observation before the first turn. */
  readonly firstObservation: string;
  readonly turns: readonly Turn[];
  /** Last state of the environment, if states are recorded. */
  readonly finalState?: EnvironmentState;
  readonly outcome: Outcome;
}

/** Sibling trajectories of one drawn task. */
export interface Group {
  readonly id: string;
  readonly task: Task;
  readonly trajectories: readonly Trajectory[];
}

/**
 * Sum of a trajectory's rewards: the undiscounted return of the episode, without penalties.
 */
export function trajectoryReturn(trajectory: Trajectory): number {
  let total = 0;
  for (const turn of trajectory.turns) total += turn.reward;
  return total;
}

/** True unless the episode failed. Success rates are computed over graded episodes. */
export function isGraded({ outcome }: Pick<Trajectory, "outcome">): boolean {
  return outcome.kind !== "failed";
}

/** True if the environment ended the episode with success. */
export function isSuccess(trajectory: Trajectory): boolean {
  return trajectory.outcome.kind === "terminated" && trajectory.outcome.isSuccess;
}
