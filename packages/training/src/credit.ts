import { mean, type ScoredRow, type TrainingRow } from "@turnwise/core";
import {
  aggregationWeights,
  type Aggregation,
  type BatchRow,
  type TokenCredit,
} from "@turnwise/estimators";

/** What one response is worth, and what that was decided from. */
export interface ResponseCredit extends TokenCredit {
  readonly turnIndex: number;
  /** Log-probs before the update, nats, `[token]`. */
  readonly oldLogProbs: Float32Array;
  /** Mean over the response's tokens of the entropy before the update, nats per token. */
  readonly meanTokenEntropy: number;
  /** Mean over the response's tokens of the base advantage. */
  readonly baseAdvantage: number;
  /** AEM's weight of the response, or 1. */
  readonly coefficient: number;
}

/** A row with the credit of each of its responses, in the row's order. */
export interface CreditedRow extends BatchRow {
  readonly responses: readonly ResponseCredit[];
}

/**
 * Decides what each response is worth: the base advantage times the coefficient.
 *
 * @param rows - As `batchRows` lays them out: the rows of a group stand together.
 * @param scores - Of these rows, before the update.
 * @param credits - Base credit, `[row][response]`.
 * @param coefficientsOf - Coefficients of a group's responses from their mean token entropies.
 */
export function creditRows(
  rows: readonly BatchRow[],
  scores: readonly ScoredRow[],
  credits: readonly (readonly TokenCredit[])[],
  coefficientsOf: (entropies: readonly number[]) => readonly number[],
): CreditedRow[] {
  const entropies = scores.map(({ spans }) => spans.map((span) => mean(span.entropies)));
  const coefficients: number[] = [];
  for (let start = 0; start < rows.length;) {
    let end = start + 1;
    while (end < rows.length && rows[end]!.groupIndex === rows[start]!.groupIndex) end++;
    coefficients.push(...coefficientsOf(entropies.slice(start, end).flat()));
    start = end;
  }
  let next = 0;
  return rows.map((entry, i) => ({
    ...entry,
    responses: entry.row.spans.map(({ turnIndex }, span) => ({
      ...credits[i]![span]!,
      turnIndex,
      oldLogProbs: scores[i]!.spans[span]!.logProbs,
      meanTokenEntropy: entropies[i]![span]!,
      baseAdvantage: mean(credits[i]![span]!.advantages),
      coefficient: coefficients[next++]!,
    })),
  }));
}

/**
 * The rows of one optimizer step, as a learner takes them: every token of a response carries the
 * response's modulated advantage, and weighs what the aggregation over these rows gives it.
 * @param references - Scores of the same rows under the reference policy, where the objective asks.
 */
export function toTrainingRows(
  rows: readonly CreditedRow[],
  aggregation: Aggregation,
  references?: readonly (ScoredRow | undefined)[],
): TrainingRow[] {
  const lengths = rows.map(({ row }) => row.spans.reduce((sum, { length }) => sum + length, 0));
  const groups = rows.map(({ groupIndex }) => groupIndex);
  const tokenWeights = aggregationWeights(aggregation, lengths, { groups });
  return rows.map(({ row, responses }, i) => {
    const reference = references?.[i];
    return {
      ...row,
      weights: new Float32Array(lengths[i]!).fill(tokenWeights[i]!),
      fields: {
        oldLogProbs: concatenated(responses.map(({ oldLogProbs }) => oldLogProbs)),
        advantages: concatenated(
          responses.map(({ advantages, coefficient }) =>
            advantages.map((advantage) => advantage * coefficient),
          ),
        ),
        ...(reference && {
          referenceLogProbs: concatenated(reference.spans.map(({ logProbs }) => logProbs)),
        }),
        ...critics(responses),
      },
    };
  });
}

/** What the critic's loss needs, where there is a critic. */
function critics(
  responses: readonly ResponseCredit[],
): Pick<TrainingRow["fields"], "returns" | "oldValues"> {
  const returns = responses.flatMap((response) => response.returns ?? []);
  const oldValues = responses.flatMap((response) => response.oldValues ?? []);
  if (returns.length < responses.length || oldValues.length < responses.length) return {};
  return { returns: concatenated(returns), oldValues: concatenated(oldValues) };
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
