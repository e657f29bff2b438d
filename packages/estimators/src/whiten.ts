import { checkEachRow, checkSameShape, checkSized, type Ragged } from "./check-ragged.ts";
import { checkNonNegative } from "@turnwise/core";
import { weightedMean, weightedVariance } from "./weighted-moments.ts";

/** Options of {@link whiten}. */
export interface WhitenOptions {
  /** `"remove"`: the result has mean 0. `"keep"`: the mean does not change. Default `"remove"`. */
  readonly mean?: "remove" | "keep";
  /** Added to the variance, `>= 0`. Default 1e-8 (verl). */
  readonly epsilon?: number;
}

/**
 * Scales values to variance 1 over a batch: `(x - mean) / sqrt(variance + epsilon)`, with the
 * sample variance.
 *
 * @param values - `[sequence][token]`, or one value per response or trajectory.
 * @param counts - Count of each value, `>= 0`, same shape: 1 and 0 for a mask, or a number of
 *   tokens. Default: 1 for all. Values with count 0 are ignored, and become 0.
 * @returns Whitened values of the same shape; not divided if fewer than two values count.
 * @throws `RangeError` if the shapes differ, a count is negative, or a counted value is not finite.
 * @see verl's `masked_whiten`
 */
export function whiten(
  values: Ragged,
  counts: Ragged = values.map((row) => row.map(() => 1)),
  { mean = "remove", epsilon = 1e-8 }: WhitenOptions = {},
): number[][] {
  checkSameShape("whiten", { values, counts });
  checkEachRow(checkNonNegative, "whiten", { counts });
  checkSized("whiten", "values", values, counts);
  checkNonNegative("whiten", { epsilon });
  const flat = values.flat();
  const flatCounts = counts.flat();
  const center = weightedMean(flat, flatCounts);
  const variance = weightedVariance(flat, flatCounts, 1);
  const scale = variance > 0 ? Math.sqrt(variance + epsilon) : 1;
  const offset = mean === "remove" ? 0 : center;
  return values.map((row, rowIndex) =>
    row.map((value, index) =>
      counts[rowIndex]![index] === 0 ? 0 : (value - center) / scale + offset,
    ),
  );
}
