import { excludedScore } from "./attention.ts";
import type { Dimension } from "./dimension.ts";
import { showShape, type Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/** Options of {@link causalBias}, which determine the visible keys. */
export interface CausalBiasOptions {
  /** Number of queries. */
  readonly time: Dimension;
  /** Number of keys. Default `time`. */
  readonly keys?: Dimension;
  /**
   * Position of the first query among the keys, int32, a scalar or `[batch]`; default 0. Query `t`
   * attends to the keys up to `start + t`.
   */
  readonly start?: Tensor;
  /** Number of valid keys in each row, int32 `[batch]`; later keys are masked. */
  readonly lengths?: Tensor;
}

/**
 * Attention bias that masks later tokens and padding: 0 for visible keys, -1e30 for masked ones.
 *
 * If the padding is at the end of the rows, tokens never attend to it, so `lengths` is not needed.
 *
 * @returns `[time, keys]`; with `lengths` or a `start` per row, `[batch, time, keys]`.
 * @throws `RangeError` for a start or lengths of another shape.
 */
export function causalBias(
  g: Tracer,
  { time, keys = time, start, lengths }: CausalBiasOptions,
): Tensor {
  if ((start?.shape.length ?? 0) > 1 || (lengths?.shape.length ?? 1) !== 1) {
    throw new RangeError(
      `causalBias: start must be a scalar or [batch], lengths must be [batch], got ${[start, lengths].map((x) => (x ? showShape(x.shape) : "none")).join(" and ")}`,
    );
  }
  const column = g.iota(keys);
  const rows = g.reshape(g.iota(time), [time, 1]);
  const perRow = (x: Tensor): Tensor => g.reshape(x, [x.shape[0]!, 1, 1]);
  const last =
    start === undefined ? rows : g.add(rows, start.shape.length === 0 ? start : perRow(start));
  const isAhead = g.where(g.greater(column, last), excludedScore, 0);
  if (lengths === undefined) return isAhead;
  return g.where(g.greater(perRow(lengths), column), isAhead, excludedScore);
}
