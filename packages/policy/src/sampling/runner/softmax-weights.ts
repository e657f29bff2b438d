/** Number of table entries per power of 2. */
const steps = 32;
/** `2^(i / steps)`. */
const fractions = Float64Array.from({ length: steps }, (_, i) => 2 ** (i / steps));
/** Table of `2^-i` for all normal numbers. */
const powers = Float64Array.from({ length: 1022 }, (_, i) => 2 ** -i);
/** Minimum exponent; smaller weights would be subnormal, and count as 0. */
const smallest = -700;

/** Sums of {@link softmaxWeights}. */
export interface WeightSums {
  /** Sum of weights; NaN if a logit is NaN. */
  readonly total: number;
  /** Sum of each weight times its exponent. */
  readonly weighted: number;
}

/**
 * Fills in `exp(shifted)` for `shifted = (logit - largest) * scale`, at most 0, to 12 digits, by a
 * table with polynomial interpolation. Several times faster than `Math.exp`, which would dominate
 * the drawing time for large vocabularies.
 */
export function softmaxWeights(
  logits: Float32Array,
  largest: number,
  scale: number,
  weights: Float64Array,
): WeightSums {
  const perStep = steps / Math.LN2;
  const step = Math.LN2 / steps;
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < logits.length; i++) {
    const shifted = (logits[i]! - largest) * scale;
    if (shifted < smallest) {
      weights[i] = 0;
      continue;
    }
    // Truncation rounds to the nearest integer here, because `shifted` is at most 0.
    const index = (shifted * perStep - 0.5) | 0;
    const rest = shifted - index * step;
    const near = 1 + rest * (1 + rest * (1 / 2 + rest * (1 / 6 + rest * (1 / 24))));
    const weight = near * fractions[index & (steps - 1)]! * powers[-(index >> 5)]!;
    weights[i] = weight;
    total += weight;
    weighted += weight * shifted;
  }
  return { total, weighted };
}
