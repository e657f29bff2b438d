import { checkFinite, checkNonNegative, checkSameLength, correlation } from "@turnwise/core";

/** Input of {@link predictDrift}, one entry per response. */
export interface DriftResponses {
  /** Advantages, after modulation to predict its effect. */
  readonly advantages: readonly number[];
  /** Surprisal of the sampled response, nats, `>= 0`. */
  readonly surprisals: readonly number[];
  /**
   * Entropy of the distribution that it was sampled from, in the unit of the surprisals, `>= 0`.
   */
  readonly entropies: readonly number[];
}

/**
 * Entropy drift of each response by the drift theorem: `advantage * (surprisal - entropy)`, to
 * first order and for a step of size 1.
 *
 * @returns `[response]`; their mean is the predicted drift of the batch.
 * @throws `RangeError` if lengths differ or a number is out of range.
 * @see arXiv:2605.00425, theorem 3.2.1
 */
export function predictDrift({ advantages, surprisals, entropies }: DriftResponses): number[] {
  checkSameLength("predictDrift", { advantages, surprisals, entropies });
  checkFinite("predictDrift", { advantages });
  checkNonNegative("predictDrift", { surprisals, entropies });
  return advantages.map((advantage, i) => advantage * (surprisals[i]! - entropies[i]!));
}

/** Agreement of predictions with measurements. */
export interface DriftAgreement {
  readonly numPairs: number;
  /** Pearson correlation, in [-1, 1]; `undefined` if one side does not vary. */
  readonly correlation: number | undefined;
  /**
   * Share of pairs with equal signs among those where neither is 0; `undefined` without such a
   * pair.
   */
  readonly signAgreement: number | undefined;
}

/**
 * Compares predicted with measured changes of entropy (or any two proxies of it).
 * @throws `RangeError` if lengths differ or a number is not finite.
 */
export function compareDrift(
  predicted: readonly number[],
  measured: readonly number[],
): DriftAgreement {
  checkSameLength("compareDrift", { predicted, measured });
  checkFinite("compareDrift", { predicted, measured });
  const signed = predicted
    .map((value, i) => Math.sign(value) * Math.sign(measured[i]!))
    .filter((product) => product !== 0);
  return {
    numPairs: predicted.length,
    correlation: correlation(predicted, measured),
    signAgreement:
      signed.length === 0
        ? undefined
        : signed.filter((product) => product > 0).length / signed.length,
  };
}
