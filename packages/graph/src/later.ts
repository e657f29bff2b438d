import type { Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/**
 * A tensor that is not there before others are: what is computed from it is neither shared with what
 * was computed before them, nor started while memory is still held for them.
 */
export function later(g: Tracer, x: Tensor, others: readonly Tensor[]): Tensor {
  // Nothing is greater than infinity, NaN included; but no executor knows that beforehand.
  const nothing = others.map((other) =>
    g.cast(g.greater(g.reduceSum(other), Number.POSITIVE_INFINITY), "float32"),
  );
  return g.add(
    x,
    nothing.reduce((sum, zero) => g.add(sum, zero)),
  );
}
