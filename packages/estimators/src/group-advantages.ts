import { checkInteger, checkNonNegative } from "@turnwise/core";
import { checkEachRow, checkSameShape, checkSized, type Ragged } from "./check-ragged.ts";
import { weightedMean, weightedVariance } from "./weighted-moments.ts";

/** Options of {@link groupAdvantages}; {@link grpoPresets} has the options of known frameworks. */
export interface GroupAdvantageOptions {
  /**
   * Baseline subtracted from a return: the mean over the group, the mean over the other members of
   * the group, the mean over the batch, or none. Default `"group"`.
   */
  readonly baseline?: "group" | "leave-one-out" | "batch" | "none";
  /**
   * Divisor of the difference: none, the population standard deviation, or the sample standard
   * deviation (Bessel's correction). Default `"sample"`.
   */
  readonly scale?: "none" | "population" | "sample";
  /** Returns over which the standard deviation is computed. Default `"group"`. */
  readonly scaleOver?: "group" | "leave-one-out" | "batch";
  /** Added to the standard deviation, `>= 0`. Default 1e-6. */
  readonly epsilon?: number;
  /**
   * If the standard deviation is at most this value, differences are not divided, `>= 0`. Default
   * 0.
   */
  readonly minScale?: number;
  /**
   * Treatment of a group with one trajectory, which has no siblings to compare with. With `"zero"`
   * the advantage is 0. With `"raw"` the mean is taken as 0 and the standard deviation as 1, so that
   * the advantage is the return (divided by `1 + epsilon` with a scale). Has no effect if the
   * baseline is the batch mean. Default `"zero"`.
   */
  readonly singleton?: "raw" | "zero";
  /**
   * Unit that counts once in means and standard deviations: each trajectory; each of its responses,
   * so that long trajectories weigh more (verl-agent; needs `numResponses`); or each of its tokens
   * (OPO; needs `numTokens`). Default `"trajectories"`.
   */
  readonly statisticsOver?: "trajectories" | "responses" | "tokens";
  /**
   * Number of responses in each trajectory, `>= 0`, `[group][trajectory]`; read only for
   * `"responses"`.
   */
  readonly numResponses?: Ragged;
  /**
   * Number of response tokens in each trajectory, `>= 0`, `[group][trajectory]`; read only for
   * `"tokens"`.
   */
  readonly numTokens?: Ragged;
}

/** {@link GroupAdvantageOptions} without the counts, which depend on the batch. */
export type GroupAdvantageChoices = Omit<GroupAdvantageOptions, "numResponses" | "numTokens">;

/** Returns, and the count of each. */
interface CountedReturns {
  readonly values: readonly number[];
  readonly counts: readonly number[];
}

/** Removes one member of a group. */
function dropMember({ values, counts }: CountedReturns, index: number): CountedReturns {
  return { values: values.toSpliced(index, 1), counts: counts.toSpliced(index, 1) };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * Computes advantages of trajectories relative to their siblings:
 * `advantage = (return - baseline) / (standardDeviation + epsilon)`.
 *
 * The defaults are GRPO. Frameworks differ in every part of this formula, although all call it
 * GRPO; {@link grpoPresets} has the options of each.
 *
 * @param returns - One return per trajectory, `[group][trajectory]`.
 * @returns One advantage per trajectory, `[group][trajectory]`; exactly 0 if all returns of the
 *   baseline are equal to the trajectory's return. An empty group gives an empty list. With
 *   `statisticsOver: "responses"` trajectories without responses are excluded from the statistics.
 * @throws `RangeError` if a return is not finite or larger than 1e100 in size, an option is out of
 *   range, or `numResponses` has another shape; `TypeError` if `numResponses` is required and
 *   missing.
 *
 * @example
 * groupAdvantages([[1, 0, 0, 0]], { scale: "none" }); // [[0.75, -0.25, -0.25, -0.25]]
 *
 * @see arXiv:2402.03300 (GRPO), arXiv:2402.14740 (leave-one-out), arXiv:2503.20783 (no scale)
 */
export function groupAdvantages(returns: Ragged, options: GroupAdvantageOptions = {}): number[][] {
  const {
    baseline = "group",
    scale = "sample",
    scaleOver = "group",
    epsilon = 1e-6,
    minScale = 0,
    singleton = "zero",
    statisticsOver = "trajectories",
  } = options;
  checkSized("groupAdvantages", "returns", returns);
  checkNonNegative("groupAdvantages", { epsilon, minScale });
  const counts = readCounts(returns, options);

  const batch: CountedReturns = { values: returns.flat(), counts: counts.flat() };
  const deviation = (over: CountedReturns): number =>
    Math.sqrt(weightedVariance(over.values, over.counts, scale === "sample" ? 1 : 0));
  const batchMean = baseline === "batch" ? weightedMean(batch.values, batch.counts) : 0;
  const batchDeviation = scale !== "none" && scaleOver === "batch" ? deviation(batch) : 0;

  return returns.map((members, groupIndex) => {
    const group: CountedReturns = { values: members, counts: counts[groupIndex]! };
    const isAlone =
      statisticsOver === "responses" ? total(group.counts) <= 1 : members.length === 1;
    const groupMean = weightedMean(group.values, group.counts);
    const groupDeviation = scale !== "none" && scaleOver === "group" ? deviation(group) : 0;

    const computeCenter = (index: number): number => {
      if (baseline === "none") return 0;
      if (baseline === "batch") return batchMean;
      if (!isAlone && baseline === "group") return groupMean;
      const others = dropMember(group, index);
      // If no sibling has a response, treat the member as a group of one.
      if (!isAlone && total(others.counts) > 0) return weightedMean(others.values, others.counts);
      return singleton === "zero" ? members[index]! : 0;
    };
    const computeSpread = (index: number): number => {
      if (scaleOver === "batch") return batchDeviation;
      if (isAlone) return singleton === "raw" ? 1 : 0;
      return scaleOver === "group" ? groupDeviation : deviation(dropMember(group, index));
    };
    return members.map((own, index) => {
      const difference = own - computeCenter(index);
      if (scale === "none") return difference;
      const spread = computeSpread(index);
      return spread > minScale ? difference / (spread + epsilon) : difference;
    });
  });
}

/** Checks and returns the count of each return. */
function readCounts(returns: Ragged, options: GroupAdvantageOptions): Ragged {
  const { statisticsOver = "trajectories" } = options;
  if (statisticsOver === "trajectories") return returns.map((group) => group.map(() => 1));
  const name = statisticsOver === "responses" ? "numResponses" : "numTokens";
  const counts = options[name];
  if (counts === undefined) {
    throw new TypeError(
      `groupAdvantages: ${name} must be given with statisticsOver "${statisticsOver}", got undefined`,
    );
  }
  checkSameShape("groupAdvantages", { returns, [name]: counts });
  checkEachRow((where, row) => checkInteger(where, row, { min: 0 }), "groupAdvantages", {
    [name]: counts,
  });
  return counts;
}
