import {
  checkInteger,
  checkNonNegative,
  listEndTokens,
  findFailureKind,
  NonFiniteError,
  type FailureKind,
  type Group,
  type Random,
  type SampledResponse,
  type SampleRequest,
  type Sampler,
  type Task,
  type Tokenizer,
  type Trajectory,
} from "@turnwise/core";
import { EpisodeFailure, readMessage } from "./call-within.ts";
import {
  playEpisode,
  type EpisodeAgent,
  type EpisodeOptions,
  type EpisodeParts,
  type EpisodeSequence,
} from "./episode.ts";

/** Limits and rewards of an episode that a model plays. */
export interface RolloutOptions extends EpisodeOptions {
  /** Maximum length of a response including the end token, tokens. */
  readonly maxResponseTokens: number;
  /** Sampling temperature; 0 is greedy. Default 1. */
  readonly temperature?: number;
}

/** Parts of a rollout that sibling episodes share. */
export interface RolloutParts extends EpisodeParts {
  readonly sampler: Sampler;
  readonly tokenizer: Tokenizer;
  /** Version of the sampler's weights, which is recorded. */
  readonly policyVersion: number;
  readonly options: RolloutOptions;
}

/** Kinds of sampler failures that affect one response, but not the sampler itself. */
const samplerFailures: ReadonlySet<FailureKind> = new Set(["network", "protocol", "timeout"]);

/**
 * Samples a response; a failure of the server becomes the outcome of the episode.
 * @param place - Episode and turn, for the error message about outputs that are not finite.
 */
async function sampleResponse(
  sampler: Sampler,
  request: SampleRequest,
  signal: AbortSignal | undefined,
  place: string,
): Promise<SampledResponse> {
  try {
    return await sampler.sample(request, signal);
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    if (cause instanceof NonFiniteError) {
      throw new NonFiniteError(`${place}: ${cause.message}`, cause.row, cause.position);
    }
    const kind = findFailureKind(cause);
    if (kind === undefined || !samplerFailures.has(kind)) throw cause;
    throw new EpisodeFailure(kind, `sample: ${readMessage(cause)}`, { cause });
  }
}

/** Agent that samples its responses from a model. */
function createSamplingAgent(
  { format, sampler, tokenizer, options, policyVersion, signal }: RolloutParts,
  { groupId, trajectoryIndex, random }: EpisodeSequence,
): EpisodeAgent {
  const { maxResponseTokens, temperature = 1 } = options;
  checkInteger("rollout", { maxResponseTokens }, { min: 1 });
  checkNonNegative("rollout", { temperature });
  const sequenceId = `${groupId}/${trajectoryIndex}`;
  const isConcatenated = format.presentation === "concatenated";
  const endTokens = listEndTokens(tokenizer);
  let sequenceTokens: number[] = [];
  return {
    policyVersion,
    respond: async (history, observation) => {
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
          seed: random.fork(`turn/${history.length}`).seed,
          temperature,
          maxTokens: maxResponseTokens,
          stopTokens: endTokens,
          ...(isConcatenated ? { sequenceId } : {}),
        },
        signal,
        `${sequenceId} turn ${history.length}`,
      );
      const { tokens, entropies } = response;
      sequenceTokens = [...sequenceTokens, ...tokens];
      const last = tokens.at(-1);
      // A server may stop at an end token that the tokenizer's files do not contain.
      const isEnded =
        last !== undefined && (response.stopReason === "stop-token" || endTokens.includes(last));
      return {
        text: tokenizer.decode(isEnded ? tokens.slice(0, -1) : tokens),
        record: {
          promptTokens,
          responseTokens: tokens,
          samplerLogProbs: response.logProbs,
          // Some samplers do not return entropies.
          ...(entropies.length === tokens.length && { samplerEntropies: entropies }),
          ...(response.policyVersions && { policyVersions: response.policyVersions }),
          ...(response.usage && { usage: response.usage }),
          stopReason: response.stopReason,
        },
      };
    },
    release: () => sampler.release(sequenceId),
  };
}

/**
 * Plays one episode with a model and records it.
 *
 * Failures of the environment (an exception, a timeout) and of the sampler's server become the
 * trajectory's outcome, `failed`, with the kind that the error declares (see `findFailureKind`); an
 * exception of the environment without a kind has kind `environment`. All other errors of the
 * sampler and the format are thrown; a `NonFiniteError` of the sampler names episode and turn.
 *
 * @param sequence - Identifies the episode: its group, its index in the group, its random stream.
 */
export async function rollout(
  task: Task,
  parts: RolloutParts,
  sequence: EpisodeSequence,
): Promise<Trajectory> {
  return playEpisode(task, parts, sequence, createSamplingAgent(parts, sequence));
}

/**
 * Plays the sibling episodes of one task concurrently; a failure does not affect the others.
 * @param groupSize - Number of siblings, `>= 1`.
 * @param random - Random stream of the group; each sibling episode gets a fork of it.
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
