import {
  checkInteger,
  checkNonNegative,
  checkPositive,
  listEndTokens,
  FailureError,
  findFailureKind,
  recordVersion,
  SequenceLimitError,
  type FailureKind,
  type Group,
  type Outcome,
  type Random,
  type RenderedState,
  type SampledResponse,
  type SampleRequest,
  type Sampler,
  type Task,
  type Tokenizer,
  type Trajectory,
  type Turn,
} from "@turnwise/core";
import type { AgentFormat, PastTurn } from "./agent-format.ts";
import type { Environment, EnvironmentFactory, Observation } from "./environment.ts";

/** Limits and rewards of an episode. */
export interface RolloutOptions {
  /** Maximum number of turns, `>= 1`. */
  readonly maxTurns: number;
  /** Maximum length of a response, tokens, end token included. */
  readonly maxResponseTokens: number;
  /** Sampling temperature; 0 is greedy. Default 1. */
  readonly temperature?: number;
  /** Penalty for a response in the wrong format, `>= 0`. Default 0. */
  readonly invalidActionPenalty?: number;
  /** Time limit of one call to the environment, seconds. Default 300. */
  readonly environmentTimeoutSeconds?: number;
}

/** Parts of a rollout that siblings share. */
export interface RolloutParts {
  readonly createEnvironment: EnvironmentFactory;
  readonly format: AgentFormat;
  readonly sampler: Sampler;
  readonly tokenizer: Tokenizer;
  /** Version of the sampler's weights, for the record. */
  readonly policyVersion: number;
  readonly options: RolloutOptions;
  /** Aborts all episodes: they reject with the signal's reason. */
  readonly signal?: AbortSignal;
  /** Called after each episode. */
  readonly onEnd?: (trajectory: Trajectory) => void;
}

/** A failure that ends an episode, as opposed to an error that ends the run. */
class EpisodeFailure extends FailureError {}

/** Kinds of sampler failures that concern one response, and not the sampler itself. */
const samplerFailures: ReadonlySet<FailureKind> = new Set(["network", "protocol", "timeout"]);

/** Samples a response; a failure of the server becomes the episode's. */
async function sampleResponse(
  sampler: Sampler,
  request: SampleRequest,
  signal: AbortSignal | undefined,
): Promise<SampledResponse> {
  try {
    return await sampler.sample(request, signal);
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const kind = findFailureKind(cause);
    if (kind === undefined || !samplerFailures.has(kind)) throw cause;
    throw new EpisodeFailure(kind, `sample: ${readMessage(cause)}`, { cause });
  }
}

function readMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Calls the environment with a time limit. */
async function callWithin<T>(
  name: string,
  seconds: number,
  outer: AbortSignal | undefined,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  outer?.throwIfAborted();
  const controller = new AbortController();
  const forward = (): void => controller.abort(outer?.reason);
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    controller.signal.addEventListener("abort", () => reject(controller.signal.reason), {
      once: true,
    });
    timer = setTimeout(
      () =>
        controller.abort(new EpisodeFailure("timeout", `${name} took longer than ${seconds} s`)),
      seconds * 1000,
    );
  });
  outer?.addEventListener("abort", forward, { once: true });
  try {
    return await Promise.race([call(controller.signal), expired]);
  } catch (cause) {
    if (outer?.aborted) throw outer.reason;
    if (cause instanceof EpisodeFailure) throw cause;
    const kind = findFailureKind(cause) ?? "environment";
    throw new EpisodeFailure(kind, `${name}: ${readMessage(cause)}`, { cause });
  } finally {
    clearTimeout(timer);
    outer?.removeEventListener("abort", forward);
  }
}

/**
 * Plays one episode and records it.
 *
 * Failures of the environment (an exception, a timeout) and of the sampler's server become the
 * trajectory's outcome, `failed`, with the kind that the error declares (see `findFailureKind`); an
 * exception of the environment without a kind has kind `environment`. All other errors of the
 * sampler and the format are thrown.
 *
 * @param sequence - Identifies the episode: its group, its index in the group, its random stream.
 */
export async function rollout(
  task: Task,
  parts: RolloutParts,
  sequence: { readonly groupId: string; readonly trajectoryIndex: number; readonly random: Random },
): Promise<Trajectory> {
  const { format, sampler, tokenizer, options, signal } = parts;
  const { maxTurns, maxResponseTokens, temperature = 1, invalidActionPenalty = 0 } = options;
  const { environmentTimeoutSeconds = 300 } = options;
  checkInteger("rollout", { maxTurns, maxResponseTokens }, { min: 1 });
  checkNonNegative("rollout", { temperature, invalidActionPenalty });
  checkPositive("rollout", { environmentTimeoutSeconds });
  const { groupId, trajectoryIndex, random } = sequence;
  const sequenceId = `${groupId}/${trajectoryIndex}`;
  const isConcatenated = format.presentation === "concatenated";
  const endTokens = listEndTokens(tokenizer);

  const turns: Turn[] = [];
  const history: PastTurn[] = [];
  let environment: Environment | undefined;
  let firstObservation = "";
  let firstRendering: RenderedState | undefined;
  const renderState = async (world: Environment): Promise<RenderedState | undefined> =>
    world.render &&
    callWithin("render", environmentTimeoutSeconds, signal, (inner) => world.render!(inner));
  const play = async (): Promise<Outcome> => {
    environment = await callWithin("create environment", environmentTimeoutSeconds, signal, () =>
      parts.createEnvironment(task),
    );
    const world = environment;
    let observation: Observation = await callWithin(
      "reset",
      environmentTimeoutSeconds,
      signal,
      (inner) => world.reset(inner),
    );
    firstObservation = observation.text;
    firstRendering = await renderState(world);
    let sequenceTokens: number[] = [];
    for (let turnIndex = 0; turnIndex < maxTurns; turnIndex++) {
      const promptTokens = tokenizer.encode(format.prompt(history, observation));
      sequenceTokens = isConcatenated ? [...sequenceTokens, ...promptTokens] : promptTokens;
      if (sequenceTokens.length + maxResponseTokens > sampler.capabilities.maxSequenceTokens) {
        const { maxSequenceTokens } = sampler.capabilities;
        return {
          kind: "truncated",
          limit: "tokens",
          message: `prompt of ${sequenceTokens.length} tokens and response of at most ${maxResponseTokens} exceed ${maxSequenceTokens}`,
        };
      }
      const response = await sampleResponse(
        sampler,
        {
          promptTokens: sequenceTokens,
          seed: random.fork(`turn/${turnIndex}`).seed,
          temperature,
          maxTokens: maxResponseTokens,
          stopTokens: endTokens,
          ...(isConcatenated ? { sequenceId } : {}),
        },
        signal,
      );
      sequenceTokens = [...sequenceTokens, ...response.tokens];
      const last = response.tokens.at(-1);
      // A server may stop at an end token that the tokenizer's files do not list.
      const isEnded =
        last !== undefined && (response.stopReason === "stop-token" || endTokens.includes(last));
      const text = tokenizer.decode(isEnded ? response.tokens.slice(0, -1) : response.tokens);
      const { action, isValid } = format.parse(text, observation);
      const step = await callWithin("step", environmentTimeoutSeconds, signal, (inner) =>
        world.step(action, inner),
      );
      const rendering = await renderState(world);
      turns.push({
        promptTokens,
        responseTokens: response.tokens,
        samplerLogProbs: response.logProbs,
        // Some samplers do not return entropies.
        ...(response.entropies.length === response.tokens.length && {
          samplerEntropies: response.entropies,
        }),
        ...(response.policyVersions && { policyVersions: response.policyVersions }),
        stopReason: response.stopReason,
        action,
        isValidAction: isValid,
        observation: step.text,
        reward: step.reward,
        penalty: isValid ? 0 : invalidActionPenalty,
        ...(step.score !== undefined && { score: step.score }),
        ...(rendering && { rendering }),
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
    sampler.release(sequenceId);
    // An environment that cannot be closed has already failed, or holds no resources.
    await environment?.close().catch(() => undefined);
  }
  const trajectory: Trajectory = {
    version: recordVersion,
    taskId: task.id,
    taskKind: task.kind,
    groupId,
    trajectoryIndex,
    presentation: format.presentation,
    policyVersion: parts.policyVersion,
    firstObservation,
    ...(firstRendering && { firstRendering }),
    turns,
    outcome,
  };
  parts.onEnd?.(trajectory);
  return trajectory;
}

/**
 * Plays the sibling episodes of one task concurrently; a failure does not affect the others.
 * @param groupSize - Number of siblings, `>= 1`.
 * @param random - Each sibling draws from its own stream, forked from this one.
 */
export async function rolloutGroup(
  task: Task,
  groupSize: number,
  parts: RolloutParts,
  { id, random }: { readonly id: string; readonly random: Random },
): Promise<Group> {
  checkInteger("rolloutGroup", { groupSize }, { min: 1 });
  const trajectories = await Promise.all(
    Array.from({ length: groupSize }, (_, trajectoryIndex) =>
      rollout(task, parts, {
        groupId: id,
        trajectoryIndex,
        random: random.fork(`trajectory/${trajectoryIndex}`),
      }),
    ),
  );
  return { id, task, trajectories };
}
