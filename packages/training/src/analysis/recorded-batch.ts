import type { CreditedResponse, Uncertainty } from "@turnwise/aem";
import { mean, trajectoryRows, type Trajectory } from "@turnwise/core";
import { InputError } from "../input-error.ts";
import { readEpisodes, readTrajectory } from "../reader/read-trajectories.ts";
import type { RunSource } from "../reader/run-source.ts";
import { formatSegmentName } from "../records/format-segment-name.ts";

/** Response of a recorded iteration, with the values that training computed before the update. */
export interface RecordedResponse {
  /** Id of the prompt group, index of the trajectory in the group, and index of the turn. */
  readonly group: string;
  readonly trajectory: number;
  readonly turn: number;
  /** Tokens of the row that contains the response; the prompt is everything before `start`. */
  readonly row: readonly number[];
  readonly start: number;
  /** Tokens of the response, `[token]`. */
  readonly tokens: readonly number[];
  /** Log-probs under the sampler, nats, `[token]`. */
  readonly samplerLogProbs: readonly number[];
  /** Log-probs and entropies under the learner before the update, nats, `[token]`. */
  readonly oldLogProbs: readonly number[];
  readonly entropies: readonly number[];
  /** Advantage before modulation; a list over tokens if tokens differ. */
  readonly advantage: number | readonly number[];
}

/**
 * Reads the responses that an iteration trained on, in the order of groups, trajectories and turns.
 * @param iteration - Number of the iteration, from 1.
 * @throws `InputError` if the iteration was not recorded, or recorded without credit;
 *   `RangeError` for damaged files.
 */
export async function readRecordedBatch(
  source: RunSource,
  iteration: number,
): Promise<RecordedResponse[]> {
  const name = formatSegmentName({ stage: "iteration", iteration })!;
  if (
    (await source.read(`trajectories/${name}.jsonl.gz`, { offset: 0, length: 1 })) === undefined
  ) {
    throw new InputError(
      `${source.name}: trajectories/${name}.jsonl.gz must exist, got no such file (a study keeps trajectories only with keep: [run])`,
    );
  }
  const episodes = await readEpisodes(source, name);
  const responses: RecordedResponse[] = [];
  for (let row = 0; row < episodes.index.numRows; row++) {
    const trajectory = await readTrajectory(source, episodes, row);
    const { groupId, trajectoryIndex, turns } = trajectory;
    for (const { tokens, spans } of trajectoryRows(trajectory as Trajectory)) {
      for (const { turnIndex, start } of spans) {
        const { credit, responseTokens, samplerLogProbs } = turns[turnIndex]!;
        if (credit === undefined) continue;
        responses.push({
          group: groupId,
          trajectory: trajectoryIndex,
          turn: turnIndex,
          row: tokens,
          start,
          tokens: responseTokens,
          samplerLogProbs,
          oldLogProbs: credit.oldLogProbs,
          entropies: credit.entropies,
          advantage: credit.baseAdvantage,
        });
      }
    }
  }
  if (responses.length > 0) return responses;
  throw new InputError(
    `${source.name}: ${name} must contain responses with their credit, got none (records of version 1 have no credit, and an iteration whose groups were all filtered has no trained responses)`,
  );
}

/** Returns the prompt of a response: all tokens of its row before it. */
export function slicePrompt({ row, start }: RecordedResponse): readonly number[] {
  return row.slice(0, start);
}

/**
 * Converts a response to the input of modulators, with exact entropies or another measure of
 * uncertainty.
 */
export function toCredited(
  response: RecordedResponse,
  uncertainty: Uncertainty = readExactEntropies(response),
): CreditedResponse {
  const { group, trajectory, turn, advantage } = response;
  const place = { group, trajectory, turn, uncertainty };
  if (typeof advantage === "number") return { ...place, advantage };
  return { ...place, advantage: mean(advantage), tokenAdvantages: advantage };
}

/** Float32 rounding may make entropies slightly negative. */
const readExactEntropies = ({ entropies }: RecordedResponse): Uncertainty => ({
  kind: "entropy",
  entropies: entropies.map((entropy) => Math.max(0, entropy)),
});
