import { excludedScore } from "./attention.ts";
import type { Dimension } from "./dimension.ts";
import { showShape, type Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/** What {@link causalBias} lets a query see. */
export interface CausalBiasOptions {
  /** Number of queries. */
  readonly time: Dimension;
  /** Number of keys; default `time`. */
  readonly keys?: Dimension;
  /**
   * Position of the first query among the keys, int32, a scalar or `[batch]`; default 0. Query `t`
   * sees the keys up to `start + t`.
   */
  readonly start?: Tensor;
  /** How many keys are filled in each row, int32 `[batch]`: later ones are not seen. */
  readonly lengths?: Tensor;
}

/**
 * The bias that keeps attention from looking ahead, and from looking at padding: 0 where a query may
 * look, -1e30 where not.
 *
 * With padding at the end of the rows, `lengths` is not needed for what is computed at true tokens:
 * no true token looks at padding then.
 *
 * @returns `[time, keys]`; with `lengths` or a `start` for each row, `[batch, time, keys]`.
 * @throws `RangeError` for a start or lengths of another shape.
 */
export function causalBias(
  g: Tracer,
  { time, keys = time, start, lengths }: CausalBiasOptions,
): Tensor {
  if ((start?.shape.length ?? 0) > 1 || (lengths?.shape.length ?? 1) !== 1) {
    throw new RangeError(
      `causalBias: start and lengths must be a scalar or [batch], and [batch], got ${[start, lengths].map((x) => (x ? showShape(x.shape) : "none")).join(" and ")}`,
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
