import { checkFinite, checkInteger, checkNonNegative, checkSameLength } from "@turnwise/core";

/** Parameter with its running averages; all arrays have the same length. */
export interface AdamWState {
  /** Parameter, updated in place. */
  readonly parameter: Float32Array;
  readonly gradient: Float32Array;
  /** Running mean of the gradient, initially 0. Updated in place. */
  readonly firstMoment: Float32Array;
  /** Running mean of the squared gradient, initially 0. Updated in place. */
  readonly secondMoment: Float32Array;
}

/** Options of {@link adamW}. */
export interface AdamWOptions {
  /** Number of this optimizer step, from 1, for bias correction. */
  readonly step: number;
  readonly learningRate: number;
  /** Decay rate of the mean gradient, in [0, 1). Default 0.9. */
  readonly beta1?: number;
  /** Decay rate of the mean squared gradient, in [0, 1). Default 0.999. */
  readonly beta2?: number;
  /** Added to the square root of the corrected second moment. Default 1e-8. */
  readonly epsilon?: number;
  /**
   * Decoupled weight decay: the parameter is first reduced by `learningRate * weightDecay` of
   * itself. Default 0.
   */
  readonly weightDecay?: number;
  /** Factor of the gradient, used to clip its norm. Default 1. */
  readonly gradientScale?: number;
}

/**
 * Coefficients of an optimizer step of AdamW: the options, and values derived from the step number.
 */
export interface AdamWCoefficients extends Required<
  Pick<AdamWOptions, "beta1" | "beta2" | "epsilon" | "gradientScale">
> {
  /** `1 - learningRate * weightDecay`. */
  readonly keep: number;
  /** `learningRate / (1 - beta1^step)`. */
  readonly stepSize: number;
  /** `1 / sqrt(1 - beta2^step)`. */
  readonly rootScale: number;
}

/** Checks the options of a step. @throws `RangeError` for options outside their range. */
export function computeAdamWCoefficients({
  step,
  learningRate,
  beta1 = 0.9,
  beta2 = 0.999,
  epsilon = 1e-8,
  weightDecay = 0,
  gradientScale = 1,
}: AdamWOptions): AdamWCoefficients {
  checkInteger("adamW", { step }, { min: 1 });
  checkNonNegative("adamW", { learningRate, beta1, beta2, epsilon, weightDecay });
  checkFinite("adamW", { gradientScale });
  for (const [name, beta] of Object.entries({ beta1, beta2 })) {
    if (beta >= 1) throw new RangeError(`adamW: ${name} must be below 1, got ${beta}`);
  }
  return {
    beta1,
    beta2,
    epsilon,
    gradientScale,
    keep: 1 - learningRate * weightDecay,
    stepSize: learningRate / (1 - beta1 ** step),
    rootScale: 1 / Math.sqrt(1 - beta2 ** step),
  };
}

/**
 * Makes one optimizer step of AdamW on one parameter, with PyTorch's order of operations
 * (`torch.optim.AdamW`).
 *
 * `parameter -= learningRate * (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon)`,
 * after the decoupled decay.
 *
 * @throws `RangeError` for arrays of different lengths, or options outside their range.
 * @see arXiv:1711.05101
 */
export function adamW(
  { parameter, gradient, firstMoment, secondMoment }: AdamWState,
  options: AdamWOptions,
): void {
  checkSameLength("adamW", { parameter, gradient, firstMoment, secondMoment });
  const { keep, stepSize, rootScale, epsilon, beta1, beta2, gradientScale } =
    computeAdamWCoefficients(options);
  for (let i = 0; i < parameter.length; i++) {
    const g = gradient[i]! * gradientScale;
    const m = beta1 * firstMoment[i]! + (1 - beta1) * g;
    const v = beta2 * secondMoment[i]! + (1 - beta2) * g * g;
    firstMoment[i] = m;
    secondMoment[i] = v;
    parameter[i] = parameter[i]! * keep - (stepSize * m) / (Math.sqrt(v) * rootScale + epsilon);
  }
}
