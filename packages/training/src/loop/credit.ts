import {
  computeTokenAdvantages,
  type CreditedResponse,
  type Modulator,
  type Uncertainty,
} from "@turnwise/aem";
import {
  mean,
  type Group,
  type LearnerCapabilities,
  type ObjectiveField,
  type Random,
  type RoleSpan,
  type ScoredRow,
  type TrainingRow,
  type Turn,
} from "@turnwise/core";
import type { BatchRow, CompiledAlgorithm, TokenCredit, WeighedRow } from "@turnwise/estimators";

/** Credit of one response, and the values from which it was computed; arrays are `[token]`. */
export interface ResponseCredit extends TokenCredit {
  readonly turnIndex: number;
  /** Log-probs under the learner before the update, nats, `[token]`. */
  readonly oldLogProbs: Float32Array;
  /** Entropies before the update, nats, `[token]`; their mean is `meanTokenEntropy`. */
  readonly entropies: Float32Array;
  /** Mean over the response's tokens of the entropy before the update, nats per token. */
  readonly meanTokenEntropy: number;
  /** Mean over the response's tokens of the advantage before modulation. */
  readonly baseAdvantage: number;
  /** Coefficient of the modulator, 1 without modulation; the mean over tokens if they differ. */
  readonly coefficient: number;
  /** Advantage of each token after modulation, `[token]`. */
  readonly modulated: Float32Array;
}

/** A row and the credit of each of its responses, in order. */
export interface CreditedRow extends BatchRow {
  readonly responses: readonly ResponseCredit[];
  /** Weights of the rollout correction, if the algorithm has one. */
  readonly correction?: WeighedRow["correction"];
}

/** Entropies that a learner reports for the responses that it scores. */
export type KnownEntropies = LearnerCapabilities["entropies"];

/** Finds the roles of a response's tokens. */
export type FindRoles = (turn: Turn) => readonly RoleSpan[];

/**
 * Modulates the credit of all responses of a batch.
 *
 * @param rows - Rows to train on; rows of the same group are adjacent.
 * @param scores - Scores of these rows before the update.
 * @param credits - Credit before modulation, `[row][response]`.
 */
export function creditRows(
  groups: readonly Group[],
  rows: readonly BatchRow[],
  scores: readonly ScoredRow[],
  credits: readonly (readonly TokenCredit[])[],
  parts: {
    readonly modulator: Modulator;
    readonly entropies: KnownEntropies;
    readonly random: Random;
    readonly findRoles?: FindRoles | undefined;
  },
): CreditedRow[] {
  const { modulator, findRoles } = parts;
  const responses = rows.flatMap(({ row, groupIndex, trajectoryIndex }, i) =>
    row.spans.map(({ turnIndex }, span): CreditedResponse => {
      const { advantages } = credits[i]![span]!;
      const isShared = advantages.every((advantage) => advantage === advantages[0]);
      const turn = groups[groupIndex]!.trajectories[trajectoryIndex]!.turns[turnIndex]!;
      return {
        group: groupIndex,
        trajectory: trajectoryIndex,
        turn: turnIndex,
        advantage: isShared ? advantages[0]! : mean(advantages),
        ...(!isShared && { tokenAdvantages: Array.from(advantages) }),
        uncertainty: toUncertainty(scores[i]!.spans[span]!, parts.entropies),
        ...(findRoles && { spans: findRoles(turn) }),
      };
    }),
  );
  const batch = modulator.modulate(responses, parts.random);
  const tokens = computeTokenAdvantages(responses, batch);
  let next = 0;
  return rows.map((entry, i) => ({
    ...entry,
    responses: entry.row.spans.map(({ turnIndex }, span) => {
      const { logProbs, entropies } = scores[i]!.spans[span]!;
      const index = next++;
      return {
        turnIndex,
        oldLogProbs: logProbs,
        entropies,
        meanTokenEntropy: mean(entropies),
        baseAdvantage: responses[index]!.advantage,
        coefficient: batch.coefficients[index]!,
        modulated: Float32Array.from(tokens[index]!),
        // Spread last: V8 gives every object that is extended after a spread its own hidden class,
        // which makes later reads slow.
        ...credits[i]![span]!,
      };
    }),
  }));
}

function toUncertainty(
  { logProbs, entropies }: ScoredRow["spans"][number],
  known: KnownEntropies,
): Uncertainty {
  if (known === "none") return { kind: "unknown", numTokens: logProbs.length };
  if (known === "surprisal") return { kind: "surprisal", logProbs: Array.from(logProbs) };
  // Float32 rounding may make entropies slightly negative.
  return { kind: "entropy", entropies: Array.from(entropies, (entropy) => Math.max(0, entropy)) };
}

/**
 * Applies the algorithm's rollout correction to the rows of an iteration.
 * @returns The rows with their weights, and the metrics of the correction.
 */
export function correctRows(
  algorithm: CompiledAlgorithm,
  groups: readonly Group[],
  rows: readonly CreditedRow[],
): { readonly rows: readonly CreditedRow[]; readonly metrics: Readonly<Record<string, number>> } {
  if (algorithm.record.rolloutCorrection.kind === "none") return { rows, metrics: {} };
  const { weights, isKept, metrics } = algorithm.correctRollout(
    rows.map((row) => ({
      oldLogProbs: concatenate(row.responses.map(({ oldLogProbs }) => oldLogProbs)),
      samplerLogProbs: readSamplerLogProbs(groups, row),
      advantages: concatenate(row.responses.map(({ modulated }) => modulated)),
    })),
  );
  return {
    rows: rows.map((row, i) => ({
      ...row,
      correction: { weights: weights[i]!, isKept: isKept[i]! },
    })),
    metrics,
  };
}

/** Reads the sampler's log-probs of all responses of a row, `[token]`. */
function readSamplerLogProbs(groups: readonly Group[], row: CreditedRow): Float32Array {
  const { turns } = groups[row.groupIndex]!.trajectories[row.trajectoryIndex]!;
  return concatenate(
    row.responses.map(({ turnIndex }) => Float32Array.from(turns[turnIndex]!.samplerLogProbs)),
  );
}

/**
 * Builds the rows of one optimizer step, with the fields that the objective needs.
 * @param references - Scores of the same rows under the reference policy, if the objective needs them.
 */
export function toTrainingRows(
  { objective, tokenWeights }: Pick<CompiledAlgorithm, "objective" | "tokenWeights">,
  groups: readonly Group[],
  rows: readonly CreditedRow[],
  references?: readonly (ScoredRow | undefined)[],
): TrainingRow[] {
  const lengths = rows.map(({ row }) => row.spans.reduce((sum, { length }) => sum + length, 0));
  const weights = tokenWeights(
    rows.map(({ groupIndex, correction }, i) => ({
      numTokens: lengths[i]!,
      group: groupIndex,
      ...(correction && { correction }),
    })),
  );
  return rows.map((entry, i) => {
    const { responses } = entry;
    const reference = references?.[i];
    const optional = (field: ObjectiveField): Float32Array[] => {
      if (field === "samplerLogProbs") return [readSamplerLogProbs(groups, entry)];
      if (field === "referenceLogProbs") {
        return reference?.spans.map(({ logProbs }) => logProbs) ?? [];
      }
      if (field === "returns") return responses.flatMap(({ returns }) => returns ?? []);
      if (field === "oldValues") return responses.flatMap(({ oldValues }) => oldValues ?? []);
      return [];
    };
    const extra = objective.needs.flatMap((field) => {
      const found = optional(field);
      return found.length === 0 ? [] : [[field, concatenate(found)] as const];
    });
    return {
      ...entry.row,
      weights: weights[i]!,
      fields: {
        oldLogProbs: concatenate(responses.map(({ oldLogProbs }) => oldLogProbs)),
        advantages: concatenate(responses.map(({ modulated }) => modulated)),
        ...Object.fromEntries(extra),
      },
    };
  });
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
