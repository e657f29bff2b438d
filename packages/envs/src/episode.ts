import {
  checkInteger,
  checkNonNegative,
  checkPositive,
  recordVersion,
  SequenceLimitError,
  type EnvironmentState,
  type Outcome,
  type Random,
  type Task,
  type Trajectory,
  type Turn,
} from "@turnwise/core";
import type { AgentFormat, PastTurn } from "./agent-format.ts";
import { callWithin, defaultTimeoutSeconds, EpisodeFailure } from "./call-within.ts";
import type { Environment, EnvironmentFactory, Observation } from "./environment.ts";
import type { EpisodeActivity, OnActivity } from "./episode-activity.ts";
import { renderState } from "./render-state.ts";

/** Limits and rewards of an episode. */
export interface EpisodeOptions {
  /** Maximum number of turns, `>= 1`. */
  readonly maxTurns: number;
  /** Penalty for a response in the wrong format, `>= 0`. Default 0. */
  readonly invalidActionPenalty?: number;
  /** Time limit of one call to the environment, seconds. Default 300. */
  readonly environmentTimeoutSeconds?: number;
  /** True to record the states that the environment renders. Default false. */
  readonly recordsStates?: boolean;
}

/** Parts of an episode that do not depend on the agent. */
export interface EpisodeParts {
  readonly createEnvironment: EnvironmentFactory;
  readonly format: AgentFormat;
  readonly options: EpisodeOptions;
  /** Aborts all episodes, which then reject with the reason of the signal. */
  readonly signal?: AbortSignal;
  /** Called after each episode. */
  readonly onEnd?: (trajectory: Trajectory) => void;
  readonly onActivity?: OnActivity | undefined;
}

/** Identity of an episode: its group, its index in the group, its random stream. */
export interface EpisodeSequence {
  readonly groupId: string;
  readonly trajectoryIndex: number;
  readonly random: Random;
}

/** Response of an agent, with the fields that it adds to the record. */
export interface AgentResponse {
  /** Decoded response, without the end token. */
  readonly text: string;
  readonly record: Pick<
    Turn,
    | "promptTokens"
    | "responseTokens"
    | "samplerLogProbs"
    | "samplerEntropies"
    | "policyVersions"
    | "stopReason"
    | "usage"
  >;
}

/** Agent of one episode: a model or a script. */
export interface EpisodeAgent {
  /** Version of the weights, for the record. */
  readonly policyVersion: number;
  /**
   * Prepares the agent before the episode's environment is created. An agent may
   * play episodes to prepare itself, and the number of environments is limited: if each waiting
   * episode already held an environment, all could wait for each other.
   */
  prepare?(): Promise<void>;
  /**
   * Responds to an observation.
   * @param history - All earlier turns, in order.
   * @returns The response; or the outcome, if the episode cannot continue.
   */
  respond(
    history: readonly PastTurn[],
    observation: Observation,
  ): Promise<AgentResponse | Extract<Outcome, { readonly kind: "truncated" }>>;
  /** Releases the resources of the agent. */
  release(): void;
}

/**
 * Plays one episode with an agent and records it.
 *
 * Failures of the environment and of the agent's server become the trajectory's outcome, `failed`;
 * all other errors of the agent and the format are thrown.
 */
export async function playEpisode(
  task: Task,
  parts: EpisodeParts,
  sequence: EpisodeSequence,
  agent: EpisodeAgent,
): Promise<Trajectory> {
  const { groupId, trajectoryIndex } = sequence;
  const end = parts.onActivity?.({
    kind: "episode",
    name: "episode",
    taskId: task.id,
    groupId,
    trajectoryIndex,
    turnIndex: 0,
  });
  let trajectory: Trajectory | undefined;
  try {
    trajectory = await recordEpisode(task, parts, sequence, agent);
    return trajectory;
  } finally {
    end?.(trajectory);
  }
}

async function recordEpisode(
  task: Task,
  parts: EpisodeParts,
  { groupId, trajectoryIndex }: EpisodeSequence,
  agent: EpisodeAgent,
): Promise<Trajectory> {
  const { format, options, signal } = parts;
  const {
    maxTurns,
    invalidActionPenalty = 0,
    environmentTimeoutSeconds = defaultTimeoutSeconds,
    recordsStates = false,
  } = options;
  checkInteger("rollout", { maxTurns }, { min: 1 });
  checkNonNegative("rollout", { invalidActionPenalty });
  checkPositive("rollout", { environmentTimeoutSeconds });

  const turns: Turn[] = [];
  const history: PastTurn[] = [];
  let environment: Environment | undefined;
  let firstObservation = "";
  let state: EnvironmentState | undefined;
  const watch = async <T>(
    kind: EpisodeActivity["kind"],
    name: string,
    work: () => Promise<T>,
  ): Promise<T> => {
    const end = parts.onActivity?.({
      kind,
      name,
      taskId: task.id,
      groupId,
      trajectoryIndex,
      turnIndex: turns.length,
      describeResource: () => environment?.describeResource?.(),
    });
    try {
      return await work();
    } finally {
      end?.();
    }
  };
  const call = <T>(name: string, run: (inner: AbortSignal) => Promise<T>): Promise<T> =>
    watch("environment", name, () => callWithin(name, environmentTimeoutSeconds, signal, run));
  const updateState = async (world: Environment): Promise<void> => {
    if (recordsStates) state = await renderState(world, environmentTimeoutSeconds, signal);
  };
  const play = async (): Promise<Outcome> => {
    await agent.prepare?.();
    environment = await call("create environment", () => parts.createEnvironment(task));
    const world = environment;
    let observation: Observation = await call("reset", (inner) => world.reset(inner));
    firstObservation = observation.text;
    await updateState(world);
    while (turns.length < maxTurns) {
      const response = await watch("response", "respond", () =>
        agent.respond(history, observation),
      );
      if ("kind" in response) return response;
      const { action, isValid } = format.parse(response.text, observation);
      const step = await call("step", (inner) => world.step(action, inner));
      const before = state;
      await updateState(world);
      turns.push({
        ...response.record,
        action,
        isValidAction: isValid,
        observation: step.text,
        reward: step.reward,
        penalty: isValid ? 0 : invalidActionPenalty,
        ...(step.score !== undefined && { score: step.score }),
        ...(before && { state: before }),
      });
      history.push({ observation, action });
      observation = step;
      if (step.isTerminal) return { kind: "terminated", isSuccess: step.isSuccess };
    }
    return { kind: "truncated", limit: "turns" };
  };

  let outcome: Outcome;
  try {
    outcome = await play();
  } catch (error) {
    if (error instanceof SequenceLimitError) {
      outcome = { kind: "truncated", limit: "tokens", message: error.message };
    } else if (error instanceof EpisodeFailure) {
      outcome = { kind: "failed", error: { kind: error.kind, message: error.message } };
    } else throw error;
  } finally {
    agent.release();
    // Ignore errors of closing: the environment has already failed, or holds no resources.
    const opened = environment;
    if (opened) await watch("environment", "close", () => opened.close().catch(() => undefined));
  }
  const trajectory: Trajectory = {
    version: recordVersion,
    taskId: task.id,
    taskKind: task.kind,
    groupId,
    trajectoryIndex,
    presentation: format.presentation,
    policyVersion: agent.policyVersion,
    firstObservation,
    turns,
    ...(state && { finalState: state }),
    outcome,
  };
  parts.onEnd?.(trajectory);
  return trajectory;
}
