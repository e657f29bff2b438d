import type { Sampler } from "@turnwise/core";
import { InputError } from "../input-error.ts";
import { partitionIndices } from "./partition-indices.ts";
import { slicePrompt, type RecordedResponse } from "./recorded-batch.ts";

/** Probability mass above which the remaining choices have a negligible effect on an entropy. */
const enoughMass = 1 - 1e-6;

/**
 * Finds the log-probs of the most likely tokens at each position of responses, with samplers that
 * do not report them: a request with `topK: 1` draws the most likely token and returns its log-prob
 * before filtering; the next request bans that token. Stops early at a mass of `1 - 1e-6`.
 *
 * @returns Log-probs in descending order, nats, at temperature 1, `[response][token][choice]`, at
 *   most k choices each.
 * @throws `InputError` if the sampler reports no log-probs before filtering.
 */
export async function sampleTopLogProbs(
  sampler: Sampler,
  responses: readonly RecordedResponse[],
  k: number,
  onProgress: (done: number) => void,
): Promise<number[][][]> {
  let numDone = 0;
  // Process the responses of a row one after another, so that the sampler's prefix cache is used.
  const rows = partitionIndices(responses.map(({ row }) => row));
  const found: number[][][] = responses.map(() => []);
  await Promise.all(
    rows.map(async (members, row) => {
      const sequenceId = `top/${row}`;
      for (const i of members) {
        const { tokens } = responses[i]!;
        const prompt = slicePrompt(responses[i]!);
        for (let token = 0; token < tokens.length; token++) {
          const promptTokens = [...prompt, ...tokens.slice(0, token)];
          found[i]!.push(await findTopLogProbs(sampler, promptTokens, sequenceId, k));
        }
        onProgress(++numDone / responses.length);
      }
      sampler.release(sequenceId);
    }),
  );
  return found;
}

async function findTopLogProbs(
  sampler: Sampler,
  promptTokens: readonly number[],
  sequenceId: string,
  k: number,
): Promise<number[]> {
  const logProbs: number[] = [];
  const bannedTokens: number[] = [];
  let mass = 0;
  while (logProbs.length < k && mass < enoughMass) {
    const request = { promptTokens, sequenceId, topK: 1, temperature: 1, maxTokens: 1 };
    const drawn = await sampler.sample({
      ...request,
      bannedTokens: [...bannedTokens],
      stopTokens: [],
      seed: "top",
    });
    const [logProb] = drawn.unfilteredLogProbs ?? [];
    if (logProb === undefined) {
      throw new InputError(
        "policy: sampler must report log-probs before filtering (unfilteredLogProbs) to find the most likely tokens, got none (samplers of local models do)",
      );
    }
    logProbs.push(logProb);
    bannedTokens.push(drawn.tokens[0]!);
    mass += Math.exp(logProb);
  }
  return logProbs;
}
