/**
 * Response of each token: `ids[token]` is in `[0, count)`. Tokens of one response need not be
 * adjacent.
 */
export interface Segments {
  readonly ids: Int32Array;
  readonly count: number;
}

/**
 * Tensor operations available to objectives. An objective that uses only these runs on plain
 * float64 arrays (`plainOperations`) and on graph tensors, where it is differentiated and compiled.
 *
 * Tensors are flat lists `[token]` or `[segment]`, or scalars; a scalar, or a plain number,
 * broadcasts to a list of any length. Otherwise elementwise operations require equal lengths. `S`
 * is the type of segments: {@link Segments} on plain arrays, an index tensor on a graph.
 */
export interface TensorOperations<T, S = Segments> {
  add(a: T | number, b: T | number): T;
  subtract(a: T | number, b: T | number): T;
  multiply(a: T | number, b: T | number): T;
  divide(a: T | number, b: T | number): T;
  /** Minimum of two; at a tie the gradient goes to `a`. */
  minimum(a: T | number, b: T | number): T;
  /** Maximum of two; at a tie the gradient goes to `a`. */
  maximum(a: T | number, b: T | number): T;
  /** 1 where `a > b`, else 0. No gradient. */
  greater(a: T | number, b: T | number): T;
  /**
   * `a` where `condition` is not 0, else `b`; the branch that is not selected contributes no value
   * and gets no gradient.
   */
  where(condition: T, a: T | number, b: T | number): T;
  negate(a: T): T;
  exp(a: T): T;
  /** Natural logarithm. */
  log(a: T): T;
  sigmoid(a: T): T;
  /** `a` as a constant: same value, gradient 0. */
  stopGradient(a: T): T;
  /** Sum over all entries, a scalar. */
  sum(a: T): T;
  /** Sum over the tokens of each segment, `[token] -> [segment]`; 0 for an empty segment. */
  segmentSum(values: T, segments: S): T;
  /** Value of the segment of each token, `[segment] -> [token]`. */
  segmentGather(values: T, segments: S): T;
}
