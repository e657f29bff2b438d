import { type Group, type Trajectory } from "@turnwise/core";
import { bestOfGroupAdvantages } from "../best-of-group.ts";
import { discountedReturns } from "../discounted-returns.ts";
import { generalizedAdvantages } from "../generalized-advantages.ts";
import {
  reinforcePlusPlusAdvantages,
  reinforcePlusPlusBaselineAdvantages,
} from "../reinforce-plus-plus.ts";
import { countResponseTokens, responseAdvantages } from "../response-advantages.ts";
import { rowAdvantages } from "../row-advantages.ts";
import { gigpoAdvantages, turnAdvantages } from "../turn-advantages.ts";
import { whiten } from "../whiten.ts";
import type { EstimatorInput } from "./algorithm-parts.ts";
import type { ResolvedAlgorithm } from "./algorithm.ts";
import { groupResponses, type BatchResponse, type BatchRow } from "./batch-rows.ts";
import { computePenalizedReturns, subtractPenalty, applyPenalties } from "./charge-penalties.ts";
import type { TokenCredit } from "./token-credit.ts";

/** Function that returns a key for the state before each turn of a trajectory, `[turn]`. */
export type StateKeys = (trajectory: Trajectory) => readonly string[];

/** Uses the observation before each turn as the key; valid if the environment is fully observed. */
export const observationKeys: StateKeys = ({ firstObservation, turns }) =>
  turns.map((_, turn) => (turn === 0 ? firstObservation : turns[turn - 1]!.observation));

/** Input of {@link estimateCredit}: groups in which every penalty is assigned to a response. */
export interface ChargedBatch extends EstimatorInput {
  /** KL penalty of each token, `[row][span][token]`; absent if there is none. */
  readonly tokenCharges: readonly (readonly (readonly number[])[])[] | undefined;
  readonly stateKeys: StateKeys;
}

/** Computes the base credit of all responses with an algorithm's estimator, `[row][response]`. */
export function estimateCredit(
  advantages: Exclude<ResolvedAlgorithm["advantages"], { kind: "custom" }>,
  batch: ChargedBatch,
): TokenCredit[][] {
  const { groups, rows } = batch;
  switch (advantages.kind) {
    case "group":
      return shareCredit(
        rows,
        advantages.credit === "response"
          ? rowAdvantages(groups, advantages)
          : responseAdvantages(groups.map(applyPenalties), advantages),
      );
    case "best-of-group":
      return shareCredit(
        rows,
        broadcastToTurns(
          groups,
          groups
            .map(computePenalizedReturns)
            .map((returns) =>
              returns.length < 2
                ? returns.map(() => 0)
                : bestOfGroupAdvantages(returns, advantages),
            ),
        ),
      );
    case "turn":
      return shareCredit(rows, turnAdvantages(readRewards(groups), advantages));
    case "gigpo":
      return shareCredit(
        rows,
        gigpoAdvantages(
          groups.map(({ trajectories }) =>
            trajectories.map((trajectory) => ({
              rewards: trajectory.turns.map(subtractPenalty),
              stateKeys: batch.stateKeys(trajectory),
            })),
          ),
          advantages,
        ),
      );
    case "discounted-returns":
      return shareCredit(rows, computeTurnReturns(groups, advantages));
    case "reinforce-plus-plus-baseline":
      return shareCredit(
        rows,
        broadcastToTurns(
          groups,
          reinforcePlusPlusBaselineAdvantages(
            groups.map(computePenalizedReturns),
            countResponseTokens(groups),
            advantages,
          ),
        ),
      );
    case "reinforce-plus-plus":
      return toTokenCredits(batch, (trajectories) => ({
        advantages: reinforcePlusPlusAdvantages(
          trajectories.map((responses) => computeTokenRewards(batch, responses)),
          advantages,
        ),
      }));
  }
  return toTokenCredits(batch, (trajectories) =>
    estimateWithCritic(batch, trajectories, advantages),
  );
}

/** Penalized rewards, `[group][trajectory][turn]`. */
function readRewards(groups: readonly Group[]): number[][][] {
  return groups.map(({ trajectories }) =>
    trajectories.map(({ turns }) => turns.map(subtractPenalty)),
  );
}

/** Broadcasts one value per trajectory to its turns, `[group][trajectory][turn]`. */
function broadcastToTurns(
  groups: readonly Group[],
  values: readonly (readonly number[])[],
): number[][][] {
  return groups.map(({ trajectories }, groupIndex) =>
    trajectories.map(({ turns }, index) => turns.map(() => values[groupIndex]![index]!)),
  );
}

/**
 * Computes the return from each turn onward, whitened over tokens if configured,
 * `[group][trajectory][turn]`.
 */
function computeTurnReturns(
  groups: readonly Group[],
  {
    discount,
    whitening,
    epsilon,
  }: Extract<ResolvedAlgorithm["advantages"], { kind: "discounted-returns" }>,
): number[][][] {
  const returns = readRewards(groups).map((group) =>
    group.map((rewards) => discountedReturns(rewards, { discount })),
  );
  if (whitening === "none") return returns;
  const counts = groups.flatMap(({ trajectories }) =>
    trajectories.map(({ turns }) => turns.map(({ responseTokens }) => responseTokens.length)),
  );
  const whitened = whiten(returns.flat(), counts, { epsilon });
  let next = 0;
  return returns.map((group) => group.map(() => whitened[next++]!));
}

/**
 * Broadcasts one advantage per response, `[group][trajectory][turn]`, to the tokens of the
 * response.
 */
export function shareCredit(
  rows: readonly BatchRow[],
  advantages: readonly (readonly (readonly number[])[])[],
): TokenCredit[][] {
  return rows.map(({ row, groupIndex, trajectoryIndex }) =>
    row.spans.map(({ turnIndex, length }) => ({
      advantages: new Float32Array(length).fill(
        advantages[groupIndex]![trajectoryIndex]![turnIndex]!,
      ),
    })),
  );
}

/** Advantages and returns over the response tokens of each trajectory, `[trajectory][token]`. */
interface TokenEstimates {
  readonly advantages: readonly (readonly number[])[];
  readonly returns?: readonly (readonly number[])[];
}

/**
 * Splits estimates over the response tokens of each trajectory into the credit of each response.
 */
function toTokenCredits(
  { rows, scores }: ChargedBatch,
  estimate: (trajectories: readonly BatchResponse[][]) => TokenEstimates,
): TokenCredit[][] {
  const trajectories = groupResponses(rows);
  const { advantages, returns } = estimate(trajectories);
  const credits: TokenCredit[][] = rows.map(() => []);
  trajectories.forEach((responses, trajectory) => {
    let start = 0;
    for (const { rowIndex, spanIndex, length } of responses) {
      const end = start + length;
      const values = scores[rowIndex]?.spans[spanIndex]?.values;
      credits[rowIndex]!.push({
        advantages: Float32Array.from(advantages[trajectory]!.slice(start, end)),
        ...(returns !== undefined && {
          returns: Float32Array.from(returns[trajectory]!.slice(start, end)),
        }),
        ...(returns !== undefined && values !== undefined && { oldValues: values }),
      });
      start = end;
    }
  });
  return credits;
}

/**
 * Assigns rewards to the response tokens of a trajectory: the penalized reward of a turn to the
 * last token of its response, and the KL penalty to each token. If a response is empty, the reward
 * of its turn is assigned to the previous response, or to the first one.
 */
function computeTokenRewards(
  { groups, rows, tokenCharges }: ChargedBatch,
  responses: readonly BatchResponse[],
): number[] {
  return responses.flatMap(({ rowIndex, spanIndex, turnIndex, length }, place) => {
    const { groupIndex, trajectoryIndex } = rows[rowIndex]!;
    const { turns } = groups[groupIndex]!.trajectories[trajectoryIndex]!;
    const next = responses[place + 1]?.turnIndex ?? turns.length;
    const charges = tokenCharges?.[rowIndex]?.[spanIndex] ?? [];
    // The response's penalty contains the sum of the KL penalties. Subtract the sum, because each
    // token gets its own KL penalty.
    const spread = charges.reduce((total, charge) => total + charge, 0);
    const paid = turns
      .slice(place === 0 ? 0 : turnIndex, next)
      .reduce((total, turn) => total + subtractPenalty(turn), spread);
    return Array.from(
      { length },
      (_, token) => (token === length - 1 ? paid : 0) - (charges[token] ?? 0),
    );
  });
}

/**
 * Computes generalized advantages from the critic's values, whitened over the batch if configured.
 */
function estimateWithCritic(
  batch: ChargedBatch,
  trajectories: readonly BatchResponse[][],
  {
    whitening,
    epsilon,
    ...options
  }: Extract<ResolvedAlgorithm["advantages"], { kind: "generalized" }>,
): Required<TokenEstimates> {
  const estimates = trajectories.map((responses) =>
    generalizedAdvantages(
      computeTokenRewards(batch, responses),
      responses.flatMap(({ rowIndex, spanIndex }) => {
        const { values } = batch.scores[rowIndex]!.spans[spanIndex]!;
        if (values === undefined) {
          throw new TypeError(
            `credit: scores[${rowIndex}].spans[${spanIndex}].values must be given with a critic, got undefined`,
          );
        }
        return [...values];
      }),
      options,
    ),
  );
  const advantages = estimates.map((estimate) => estimate.advantages);
  return {
    advantages: whitening === "batch" ? whiten(advantages, undefined, { epsilon }) : advantages,
    returns: estimates.map((estimate) => estimate.returns),
  };
}
