/**
 * Sum of all values, 0 for an empty list. Neumaier's compensated summation, so that the order of
 * the values hardly matters.
 */
export function sum(values: ArrayLike<number>): number {
  let total = 0;
  let lost = 0;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  // An infinite total makes `lost` NaN; return the total unchanged.
  return Number.isFinite(lost) ? total + lost : total;
}

/** Mean of all values. @throws `RangeError` for an empty list. */
export function mean(values: ArrayLike<number>): number {
  if (values.length === 0) throw new RangeError("mean: values must not be empty, got length 0");
  return sum(values) / values.length;
}

/**
 * Variance of all values: the sum of squared deviations from the mean, divided by
 * `values.length - freedom`.
 * @param freedom - 0 for the population's variance, 1 for the sample's (Bessel's correction).
 * @throws `RangeError` for fewer than `freedom + 1` values.
 */
export function variance(values: ArrayLike<number>, freedom: 0 | 1): number {
  if (values.length <= freedom) {
    throw new RangeError(
      `variance: values must have at least ${freedom + 1} entries, got ${values.length}`,
    );
  }
  const center = mean(values);
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i]! - center) ** 2;
  return squares / (values.length - freedom);
}

/**
 * `log(sum(exp(logits)))` with the maximum subtracted first, so that finite logits do not overflow.
 * @returns `-Infinity` for an empty list.
 */
export function logSumExp(logits: ArrayLike<number>): number {
  let high = -Infinity;
  for (let i = 0; i < logits.length; i++) high = Math.max(high, logits[i]!);
  if (!Number.isFinite(high)) return high;
  let total = 0;
  for (let i = 0; i < logits.length; i++) total += Math.exp(logits[i]! - high);
  return high + Math.log(total);
}

/** Log-probs of a softmax over logits, `[choice]`, nats, at most 0. */
export function logSoftmax(logits: ArrayLike<number>): number[] {
  const normalizer = logSumExp(logits);
  return Array.from(logits, (logit) => logit - normalizer);
}

/**
 * Entropy of a softmax over logits, nats, in `[0, log(logits.length)]`. Choices with a logit of
 * `-Infinity` have probability 0 and add nothing.
 */
export function entropyOfLogits(logits: ArrayLike<number>): number {
  const normalizer = logSumExp(logits);
  let entropy = 0;
  for (let i = 0; i < logits.length; i++) {
    const logProb = logits[i]! - normalizer;
    const probability = Math.exp(logProb);
    if (probability > 0) entropy -= probability * logProb;
  }
  return Math.max(0, entropy);
}
