import {
  parseRecord,
  type Group,
  type Objective,
  type Outcome,
  type ScoredRow,
  type Trajectory,
} from "@turnwise/core";
import { aggregationWeights } from "../aggregation.ts";
import { hasLearningSignal } from "../group-filter.ts";
import { adaptKlCoefficient, penalizeRewards } from "../kl-in-reward.ts";
import { rowScores } from "../row-advantages.ts";
import { algorithmSchema, type Algorithm, type ResolvedAlgorithm } from "./algorithm.ts";
import type { BatchRow } from "./batch-rows.ts";
import { chargeOverlong, chargeResponses, computePenalizedReturns } from "./charge-penalties.ts";
import { checkCombination } from "./check-combination.ts";
import { compileObjective } from "./compile-objective.ts";
import {
  correctRows,
  dropsTokens,
  type CorrectedRows,
  type CorrectionRow,
} from "./correct-rows.ts";
import type { AlgorithmParts } from "./algorithm-parts.ts";
import { findPart } from "./find-part.ts";
import {
  estimateCredit,
  observationKeys,
  type ChargedBatch,
  type StateKeys,
} from "./estimate-credit.ts";
import type { TokenCredit } from "./token-credit.ts";

/** Requirements of an algorithm on the other parts of a run; checked before the run starts. */
export interface AlgorithmNeeds {
  /** Learner with a value head. */
  readonly critic: boolean;
  /** Scores of the batch under the reference policy. */
  readonly referenceLogProbs: boolean;
  /** Scores of the batch under the policy before the update. */
  readonly oldLogProbs: boolean;
  /** Sampler log-probs at temperature 1 and without filters. */
  readonly samplerLogProbs: boolean;
  /** Keys of states, see {@link StateKeys}. */
  readonly stateKeys: boolean;
  /** Gradient of entropies, which a linearized objective does not have. */
  readonly entropyGradient: boolean;
  /** At most one update per iteration, because the surrogate has no ratio to correct later ones. */
  readonly onPolicy: boolean;
  /** Groups of at least two trajectories. */
  readonly siblings: boolean;
}

/** State that an algorithm carries between iterations: plain data, saved in checkpoints. */
export interface AlgorithmState {
  /** Coefficient of the KL penalty in the reward; 0 if there is no such penalty. */
  readonly klCoefficient: number;
}

/** Input of {@link CompiledAlgorithm.credit}. */
export interface CreditInput {
  /** Groups that are trained on, after `usable`. */
  readonly groups: readonly Group[];
  /** Rows of the trained trajectories; rows of the same trajectory are adjacent and in order. */
  readonly rows: readonly BatchRow[];
  /** Scores of `rows` before the update. */
  readonly scores: readonly ScoredRow[];
  /** Scores of `rows` under the reference policy; required if `needs.referenceLogProbs`. */
  readonly references?: readonly ScoredRow[];
  /** Default {@link observationKeys}. */
  readonly stateKeys?: StateKeys;
}

/** Output of {@link CompiledAlgorithm.credit}. */
export interface Credit {
  /** Credit of each response, `[row][response]`. */
  readonly credits: TokenCredit[][];
  /** State for the next iteration. */
  readonly state: AlgorithmState;
  /** Metrics `rewardKl` and `klCoefficient` if there is a KL penalty in the reward. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** Row of an optimizer step, as input of {@link CompiledAlgorithm.tokenWeights}. */
export interface WeighedRow {
  /** Number of response tokens in the row. */
  readonly numTokens: number;
  /** Key of the row's group. */
  readonly group: number | string;
  /** This row's result of {@link CompiledAlgorithm.correctRollout}, if it was called. */
  readonly correction?: {
    readonly weights: readonly number[];
    readonly isKept: readonly boolean[];
  };
}

/** Functions of the loop compiled from an {@link Algorithm}, all pure. */
export interface CompiledAlgorithm {
  /** Record with every default filled in. */
  readonly record: ResolvedAlgorithm;
  readonly needs: AlgorithmNeeds;
  readonly initialState: AlgorithmState;
  /** Removes trajectories that are treated as if they had not been sampled. */
  readonly usable: (group: Group) => Group;
  /** Returns true if a usable group is trained on. */
  readonly keep: (group: Group) => boolean;
  /** Maximum number of sampling rounds, including the first; `undefined` for no limit. */
  readonly maxRounds: number | undefined;
  /** Returns true if the rows of a trajectory are part of the loss. */
  readonly isTrainedOn: (trajectory: Trajectory) => boolean;
  /** Computes the credit of all responses, before modulation. */
  readonly credit: (input: CreditInput, state: AlgorithmState) => Credit;
  /**
   * Computes token weights that correct for differences between sampler and learner; all 1 without
   * a correction.
   */
  readonly correctRollout: (rows: readonly CorrectionRow[]) => CorrectedRows;
  /**
   * Computes the weight of each response token in the loss of an optimizer step, `[row][token]`.
   */
  readonly tokenWeights: (rows: readonly WeighedRow[]) => Float32Array[];
  readonly objective: Objective;
}

/**
 * Compiles an algorithm to the functions of the training loop.
 *
 * @param parts - Components for choices of kind `"custom"`.
 * @throws `TypeError` or `RangeError`, one line: an unknown field, a value out of range,
 *   contradicting settings, a setting that has no effect in this combination, or a missing custom
 *   component.
 *
 * @example
 * compileAlgorithm({ ...grpo, surrogate: { kind: "cispo", maxRatio: 4 } }).needs.critic; // false
 */
export function compileAlgorithm(
  algorithm: Algorithm,
  parts: AlgorithmParts = {},
): CompiledAlgorithm {
  const where = "compileAlgorithm";
  const record = parseRecord(where, "algorithm", algorithmSchema, algorithm);
  const estimator =
    record.advantages.kind === "custom"
      ? findPart("advantages", record.advantages, parts.advantages)
      : undefined;
  const corrector =
    record.rolloutCorrection.kind === "custom"
      ? findPart("rolloutCorrection", record.rolloutCorrection, parts.rolloutCorrection)
      : undefined;
  const hasCritic = record.advantages.kind === "generalized" || estimator?.needsCritic === true;
  checkCombination(where, record, hasCritic);
  const { advantages, kl, groupFilter, truncation, rolloutCorrection } = record;
  const objective = compileObjective(record, parts.surrogate);

  const ruleFor = ({ kind }: Outcome): "train" | "mask" | "leave-out" =>
    kind === "terminated" ? "train" : truncation[kind];
  const estimate = (batch: ChargedBatch): TokenCredit[][] =>
    advantages.kind === "custom" ? estimator!.estimate(batch) : estimateCredit(advantages, batch);
  const charge = (group: Group): Group => chargeOverlong(group, truncation.overlong);
  const computeScores = (group: Group): number[] =>
    advantages.kind === "group" && advantages.credit === "response"
      ? rowScores(group).flat()
      : computePenalizedReturns(group);

  return {
    record,
    needs: deriveNeeds(record, objective, hasCritic),
    initialState: { klCoefficient: kl.kind === "reward" ? kl.coefficient : 0 },
    usable: (group) => ({
      ...group,
      trajectories: group.trajectories.filter(({ outcome }) => ruleFor(outcome) !== "leave-out"),
    }),
    keep: (group) =>
      groupFilter.kind === "keep-all" ||
      hasLearningSignal(computeScores(charge(group)), groupFilter),
    maxRounds: groupFilter.kind === "keep-all" ? 1 : (groupFilter.maxRounds ?? undefined),
    isTrainedOn: ({ outcome }) => ruleFor(outcome) === "train",
    credit: ({ groups, rows, scores, references, stateKeys = observationKeys }, state) => {
      const overlong = groups.map(charge);
      if (kl.kind !== "reward") {
        const batch = { groups: overlong, rows, scores, tokenCharges: undefined, stateKeys };
        return { credits: estimate(batch), state, metrics: {} };
      }
      const { tokenCharges, meanKl } = computeKlCharges(
        kl,
        state.klCoefficient,
        rows,
        scores,
        references,
      );
      const charges = groups.map(({ trajectories }) =>
        trajectories.map(({ turns }) => turns.map(() => 0)),
      );
      rows.forEach(({ row, groupIndex, trajectoryIndex }, i) =>
        row.spans.forEach(({ turnIndex }, span) => {
          const total = tokenCharges[i]![span]!.reduce((sum, charge) => sum + charge, 0);
          charges[groupIndex]![trajectoryIndex]![turnIndex] = total;
        }),
      );
      const batch = {
        groups: chargeResponses(overlong, charges),
        rows,
        scores,
        tokenCharges,
        stateKeys,
      };
      const { adaptation } = kl;
      const klCoefficient =
        adaptation.kind === "fixed"
          ? state.klCoefficient
          : adaptKlCoefficient(state.klCoefficient, meanKl, {
              ...adaptation,
              numSamples: rows.length,
            });
      return {
        credits: estimate(batch),
        state: { klCoefficient },
        metrics: { rewardKl: meanKl, klCoefficient: state.klCoefficient },
      };
    },
    correctRollout: (rows) =>
      rolloutCorrection.kind === "custom"
        ? corrector!.correct(rows)
        : correctRows(rolloutCorrection, rows),
    tokenWeights: (rows) => weighTokens(record, rows),
    objective,
  };
}

function deriveNeeds(
  { advantages, kl, entropyBonus, surrogate, rolloutCorrection }: ResolvedAlgorithm,
  { needs }: Objective,
  hasCritic: boolean,
): AlgorithmNeeds {
  const hasCorrection = rolloutCorrection.kind !== "none";
  return {
    critic: hasCritic,
    referenceLogProbs: kl.kind !== "none",
    oldLogProbs: needs.includes("oldLogProbs") || kl.kind === "reward" || hasCorrection,
    samplerLogProbs: hasCorrection,
    stateKeys: advantages.kind === "gigpo",
    entropyGradient: entropyBonus.kind === "bonus",
    onPolicy: surrogate.kind === "policy-gradient",
    siblings:
      advantages.kind === "best-of-group" ||
      (advantages.kind === "group" &&
        advantages.singleton === "zero" &&
        advantages.statisticsOver === "trajectories" &&
        (advantages.baseline === "group" || advantages.baseline === "leave-one-out")),
  };
}

/** Computes the KL penalty of each token, `[row][span][token]`, and the mean KL in nats. */
function computeKlCharges(
  kl: Extract<ResolvedAlgorithm["kl"], { kind: "reward" }>,
  coefficient: number,
  rows: readonly BatchRow[],
  scores: readonly ScoredRow[],
  references: readonly ScoredRow[] | undefined,
): { readonly tokenCharges: number[][][]; readonly meanKl: number } {
  if (references === undefined) {
    throw new TypeError('credit: references must be given with kl.kind "reward", got undefined');
  }
  let total = 0;
  let numTokens = 0;
  const tokenCharges = rows.map(({ row }, i) =>
    row.spans.map(({ length }, span) => {
      const { rewards, meanKl } = penalizeRewards(
        {
          rewards: Array<number>(length).fill(0),
          oldLogProbs: [...scores[i]!.spans[span]!.logProbs],
          referenceLogProbs: [...references[i]!.spans[span]!.logProbs],
        },
        coefficient,
        kl,
      );
      total += meanKl * length;
      numTokens += length;
      return rewards.map((reward) => 0 - reward);
    }),
  );
  return { tokenCharges, meanKl: numTokens === 0 ? 0 : total / numTokens };
}

/** Multiplies the aggregation weights of the counted tokens by the weights of the correction. */
function weighTokens(
  { aggregation, rolloutCorrection }: ResolvedAlgorithm,
  rows: readonly WeighedRow[],
): Float32Array[] {
  const leavesOut = dropsTokens(rolloutCorrection);
  const lengths = rows.map(({ numTokens, correction }) =>
    leavesOut && correction ? correction.isKept.filter(Boolean).length : numTokens,
  );
  const weights = aggregationWeights(aggregation.kind, lengths, {
    groups: rows.map(({ group }) => group),
    ...(aggregation.kind === "seq-mean-token-sum-norm" && { maxLength: aggregation.maxLength }),
    ...(aggregation.kind !== "token-mean" && { emptySequences: aggregation.emptySequences }),
  });
  return rows.map(({ numTokens, correction }, i) => {
    const own = new Float32Array(numTokens).fill(weights[i]!);
    return correction ? own.map((weight, token) => weight * correction.weights[token]!) : own;
  });
}
