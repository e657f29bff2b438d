import type { Group, Objective, ScoredRow } from "@turnwise/core";
import type { BatchRow } from "./batch-rows.ts";
import type { CorrectedRows, CorrectionRow } from "./correct-rows.ts";
import type { TokenCredit } from "./token-credit.ts";

/** Input of an {@link AdvantageEstimator}. */
export interface EstimatorInput {
  /**
   * Groups that are trained on; the `penalty` of each turn is not yet subtracted from its `reward`.
   */
  readonly groups: readonly Group[];
  /** Rows of the trained trajectories; rows of the same trajectory are adjacent and in order. */
  readonly rows: readonly BatchRow[];
  /** Scores of `rows` before the update. */
  readonly scores: readonly ScoredRow[];
}

/** Custom advantage estimator; use `responseAdvantages` and `shareCredit` to write one. */
export interface AdvantageEstimator {
  readonly name: string;
  /** True if the estimator needs the values of a critic. Default false. */
  readonly needsCritic?: boolean;
  /** Computes the credit of each response, `[row][response]`. Must be pure. */
  readonly estimate: (input: EstimatorInput) => TokenCredit[][];
}

/** Custom correction for differences between sampler and learner. */
export interface RolloutCorrector {
  readonly name: string;
  /** Computes token weights. Must be pure. */
  readonly correct: (rows: readonly CorrectionRow[]) => CorrectedRows;
}

/** Custom components, for choices of kind `"custom"`. */
export interface AlgorithmParts {
  readonly advantages?: AdvantageEstimator;
  readonly surrogate?: Objective;
  readonly rolloutCorrection?: RolloutCorrector;
}
