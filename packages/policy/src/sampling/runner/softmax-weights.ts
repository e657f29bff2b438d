/** Steps of the table in one power of 2. */
const steps = 32;
/** `2^(i / steps)`. */
const fractions = Float64Array.from({ length: steps }, (_, i) => 2 ** (i / steps));
/** `2^-i`, as far as that is a normal number. */
const powers = Float64Array.from({ length: 1022 }, (_, i) => 2 ** -i);
/** Below, a weight would be no normal number, and counts as 0. */
const smallest = -700;

/** What {@link softmaxWeights} adds up. */
export interface WeightSums {
  /** Of the weights; NaN where a logit is. */
  readonly total: number;
  /** Of weights times their exponents. */
  readonly weighted: number;
}

/**
 * With `shifted = (logit - largest) * scale`, at most 0, fills in `exp(shifted)`, to 12 digits and
 * several times as fast as `Math.exp`: of a table, and a polynomial for what lies between its entries.
 * A large vocabulary takes longer here than anywhere else in drawing.
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
    // Rounded, since shifted is not above 0.
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
