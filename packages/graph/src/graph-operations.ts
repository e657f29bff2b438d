import type { TensorOperations } from "@turnwise/core";
import type { Dimension } from "./dimension.ts";
import type { Tensor } from "./tensor.ts";
import type { Operand, Tracer } from "./tracer.ts";

/** Segment of each token, as tensors of a graph. */
export interface GraphSegments {
  /** Segment ids, int32 `[token]`, each in `[0, count)`. */
  readonly ids: Tensor;
  /** Number of segments. */
  readonly count: Dimension;
}

/**
 * The `TensorOperations` of `@turnwise/core` on a tracer: an objective evaluated with them becomes
 * part of the traced program and can be differentiated.
 *
 * @example
 * const { loss } = objective.evaluate(graphOperations(g), inputs);
 * const [dWeight] = gradients(g, loss, [weight]);
 */
export function graphOperations(g: Tracer): TensorOperations<Tensor, GraphSegments> {
  /**
   * Converts a tensor of zeros and ones to booleans; if it was cast from booleans, returns the
   * original booleans.
   */
  const truth = (x: Tensor): Tensor => {
    const { kind, inputs } = g.producer(x);
    return kind === "cast" && inputs[0]!.dtype === "bool" ? inputs[0]! : g.not(g.equal(x, 0));
  };
  return {
    add: (a, b) => g.add(a, b),
    subtract: (a, b) => g.subtract(a, b),
    multiply: (a, b) => g.multiply(a, b),
    divide: (a, b) => g.divide(a, b),
    minimum: (a, b) => g.minimum(a, b),
    maximum: (a, b) => g.maximum(a, b),
    greater: (a: Operand, b: Operand) => g.cast(g.greater(a, b), "float32"),
    where: (condition, a, b) => g.where(truth(condition), a, b),
    negate: (a) => g.negate(a),
    exp: (a) => g.exp(a),
    log: (a) => g.log(a),
    sigmoid: (a) => g.sigmoid(a),
    stopGradient: (a) => g.stopGradient(a),
    sum: (a) => g.reduceSum(a),
    segmentSum: (values, { ids, count }) => g.scatterAdd(values, ids, count),
    segmentGather: (values, { ids }) => g.gather(values, ids),
  };
}
