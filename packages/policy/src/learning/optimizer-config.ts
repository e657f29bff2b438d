import { checkNonNegative, checkPositive } from "@turnwise/core";
import type { AdamWOptions } from "@turnwise/graph";
import { learningRateAt, type LearningRateSchedule } from "./learning-rate.ts";

/** AdamW as in PyTorch, with gradient clipping. */
export interface OptimizerConfig {
  readonly learningRate: LearningRateSchedule;
  /** Decay of the first moment. Default 0.9. */
  readonly beta1?: number;
  /** Decay of the second moment. Default 0.999. */
  readonly beta2?: number;
  /** Added to the root of the second moment. Default 1e-8. */
  readonly epsilon?: number;
  /** Decoupled weight decay. Default 0. */
  readonly weightDecay?: number;
  /** Parameters with weight decay; `matrices` excludes norms and biases. Default `matrices`. */
  readonly decayed?: "matrices" | "all";
  /** Maximum global gradient norm; `Infinity` disables clipping. Default 1. */
  readonly maxGradientNorm?: number;
}

/** Checks an optimizer. @throws `RangeError` for options outside their range. */
export function checkOptimizer({
  learningRate,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
  maxGradientNorm = 1,
}: OptimizerConfig): void {
  learningRateAt(learningRate, 0);
  learningRateAt(learningRate, learningRate.warmupSteps ?? 0);
  checkNonNegative("optimizer", { beta1, beta2, epsilon, weightDecay });
  if (maxGradientNorm !== Number.POSITIVE_INFINITY) checkPositive("optimizer", { maxGradientNorm });
  for (const [name, value] of Object.entries({ beta1, beta2 })) {
    if (value >= 1) throw new RangeError(`optimizer: ${name} must be below 1, got ${value}`);
  }
}

/** Coefficients of one AdamW step, per parameter shape. */
export interface StepPlan {
  readonly learningRate: number;
  readonly optionsOf: (shape: readonly number[]) => AdamWOptions;
}

/**
 * Plans a step along a sum of gradients, clipped to `maxGradientNorm`.
 * @param numSteps - Number of optimizer steps made before.
 * @param gradientNorm - Norm of the unscaled gradient.
 * @param lossScale - Factor by which the gradient sum is scaled.
 */
export function planStep(
  {
    learningRate: schedule,
    beta1 = 0.9,
    beta2 = 0.999,
    epsilon = 1e-8,
    weightDecay = 0,
    decayed = "matrices",
    maxGradientNorm = 1,
  }: OptimizerConfig,
  numSteps: number,
  gradientNorm: number,
  lossScale: number,
): StepPlan {
  const learningRate = learningRateAt(schedule, numSteps);
  // As in torch.nn.utils.clip_grad_norm_.
  const gradientScale = Math.min(1, maxGradientNorm / (gradientNorm + 1e-6)) / lossScale;
  const options = { step: numSteps + 1, learningRate, beta1, beta2, epsilon, gradientScale };
  return {
    learningRate,
    optionsOf: (shape) => ({
      ...options,
      weightDecay: decayed === "all" || shape.length > 1 ? weightDecay : 0,
    }),
  };
}
