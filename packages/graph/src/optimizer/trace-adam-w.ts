import type { Feed } from "../program.ts";
import { equalShapes, showShape, type Tensor } from "../tensor.ts";
import type { Tracer } from "../tracer.ts";
import { computeAdamWCoefficients, type AdamWOptions } from "./adam-w.ts";

/** Parameter and its moments as tensors of a program; all have the same shape. */
export interface AdamWTensors {
  readonly parameter: Tensor;
  readonly gradient: Tensor;
  /** Running mean of the gradient, initially 0. */
  readonly firstMoment: Tensor;
  /** Running mean of the squared gradient, initially 0. */
  readonly secondMoment: Tensor;
}

/** Number of entries of {@link adamWFeed}. */
export const adamWFeedLength = 9;

/**
 * Feed of {@link traceAdamW} for one optimizer step: float32 `[9]`. Everything that depends on the
 * step number is computed here, in float64, so that one program works for all steps.
 * @throws `RangeError` for options outside their range.
 */
export function adamWFeed(options: AdamWOptions): Feed {
  const { keep, stepSize, rootScale, epsilon, beta1, beta2, gradientScale } =
    computeAdamWCoefficients(options);
  const data = Float32Array.of(
    keep,
    stepSize,
    rootScale,
    epsilon,
    beta1,
    1 - beta1,
    beta2,
    1 - beta2,
    gradientScale,
  );
  return { data, shape: [data.length] };
}

/**
 * Traces one step of AdamW as part of a program, equal to `adamW` on arrays, so that weights and
 * moments stay on the device.
 *
 * @param coefficients - Input fed with {@link adamWFeed}, `[9]`.
 * @param gradientScale - Scalar factor of the gradient; see `clipScale`. Default 1.
 * @returns The new parameter and averages.
 * @throws `RangeError` for tensors of different shapes.
 *
 * @example
 * const next = traceAdamW(g, { parameter, gradient, firstMoment, secondMoment }, coefficients);
 */
export function traceAdamW(
  g: Tracer,
  { parameter, gradient, firstMoment, secondMoment }: AdamWTensors,
  coefficients: Tensor,
  gradientScale?: Tensor,
): Omit<AdamWTensors, "gradient"> {
  for (const [name, { shape }] of Object.entries({ gradient, firstMoment, secondMoment })) {
    if (!equalShapes(shape, parameter.shape)) {
      throw new RangeError(
        `traceAdamW: ${name} must have the parameter's shape ${showShape(parameter.shape)}, got ${showShape(shape)}`,
      );
    }
  }
  if (!equalShapes(coefficients.shape, [adamWFeedLength])) {
    throw new RangeError(
      `traceAdamW: coefficients must have shape [${adamWFeedLength}], got ${showShape(coefficients.shape)}`,
    );
  }
  const at = (i: number): Tensor => g.reshape(g.slice(coefficients, 0, i, i + 1), []);
  const scale = gradientScale === undefined ? at(8) : g.multiply(at(8), gradientScale);
  const scaled = g.multiply(gradient, scale);
  const first = g.add(g.multiply(firstMoment, at(4)), g.multiply(scaled, at(5)));
  const second = g.add(
    g.multiply(secondMoment, at(6)),
    g.multiply(g.multiply(scaled, scaled), at(7)),
  );
  const root = g.add(g.multiply(g.sqrt(second), at(2)), at(3));
  const change = g.divide(g.multiply(first, at(1)), root);
  return {
    parameter: g.subtract(g.multiply(parameter, at(0)), change),
    firstMoment: first,
    secondMoment: second,
  };
}

/**
 * Computes a factor of at most 1 that clips gradients to a joint norm of at most `maxNorm`: `min(1,
 * maxNorm / (norm + 1e-6))`, as in PyTorch's `clip_grad_norm_`.
 * @returns The factor, and the Euclidean norm over all entries before clipping.
 * @throws `RangeError` if there are no gradients.
 */
export function clipScale(
  g: Tracer,
  gradients: readonly Tensor[],
  maxNorm: number,
): { readonly scale: Tensor; readonly norm: Tensor } {
  if (gradients.length === 0) {
    throw new RangeError("clipScale: gradients must not be empty, got length 0");
  }
  const squares = gradients.map((gradient) => g.reduceSum(g.multiply(gradient, gradient)));
  const norm = g.sqrt(squares.reduce((total, square) => g.add(total, square)));
  return { scale: g.minimum(1, g.divide(maxNorm, g.add(norm, 1e-6))), norm };
}
