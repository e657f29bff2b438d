import type { Group, Objective, ScoredRow } from "@turnwise/core";
import type { BatchRow } from "./batch-rows.ts";
import type { CorrectedRows, CorrectionRow } from "./correct-rows.ts";
import type { TokenCredit } from "./token-credit.ts";

/** Input of an {@link AdvantageEstimator}. */
export interface EstimatorInput {
  /** Kept groups; the `penalty` of each turn is not yet part of its `reward`. */
  readonly groups: readonly Group[];
  /** Rows of the trained trajectories; those of a trajectory are adjacent and in order. */
  readonly rows: readonly BatchRow[];
  /** Scores of these rows before the update. */
  readonly scores: readonly ScoredRow[];
}

/** Custom advantage estimator; `responseAdvantages` and `shareCredit` help to write one. */
export interface AdvantageEstimator {
  readonly name: string;
  /** True if it needs the values of a critic. Default false. */
  readonly needsCritic?: boolean;
  /** Pure. @returns Credit of each response, `[row][response]`. */
  readonly estimate: (input: EstimatorInput) => TokenCredit[][];
}

/** Custom correction for differences between sampler and learner. */
export interface RolloutCorrector {
  readonly name: string;
  /** Pure. */
  readonly correct: (rows: readonly CorrectionRow[]) => CorrectedRows;
}

/** Components for choices of kind `"custom"`. */
export interface AlgorithmParts {
  readonly advantages?: AdvantageEstimator;
  readonly surrogate?: Objective;
  readonly rolloutCorrection?: RolloutCorrector;
}
