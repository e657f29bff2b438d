import { checkInteger, checkNonNegative } from "@turnwise/core";

/** Schedule of the learning rate over optimizer steps. */
export interface LearningRateSchedule {
  /** Learning rate after the warm-up, `>= 0`. */
  readonly peak: number;
  /**
   * Number of steps of linear warm-up; the learning rate of the first step is `peak / warmupSteps`.
   * Default 0.
   */
  readonly warmupSteps?: number;
  /** Decay after the warm-up. Default `constant`. */
  readonly decay?: "constant" | "linear" | "cosine";
  /**
   * Step at which the decay reaches `final`, counting warm-up steps. Required if there is a decay.
   */
  readonly totalSteps?: number;
  /** Learning rate from step `totalSteps` onward, `>= 0`. Default 0. */
  readonly final?: number;
}

/**
 * Computes the learning rate of one optimizer step.
 * @param step - Number of earlier steps.
 * @throws `RangeError` for a decay without `totalSteps`, or if `totalSteps` is within the warm-up.
 *
 * @example
 * learningRateAt({ peak: 1, warmupSteps: 2, decay: "linear", totalSteps: 6 }, 4); // 0.5
 */
export function learningRateAt(
  { peak, warmupSteps = 0, decay = "constant", totalSteps, final = 0 }: LearningRateSchedule,
  step: number,
): number {
  checkNonNegative("learningRateAt", { peak, final });
  checkInteger("learningRateAt", { warmupSteps, step }, { min: 0 });
  if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
  if (decay === "constant") return peak;
  if (totalSteps === undefined) {
    throw new RangeError(`learningRateAt: totalSteps must be given with decay ${decay}, got none`);
  }
  checkInteger("learningRateAt", { totalSteps }, { min: warmupSteps + 1 });
  const progress = Math.min(1, (step - warmupSteps) / (totalSteps - warmupSteps));
  const share = decay === "linear" ? 1 - progress : (1 + Math.cos(Math.PI * progress)) / 2;
  return final + (peak - final) * share;
}
