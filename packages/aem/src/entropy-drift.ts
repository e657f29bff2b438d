import { checkFinite, checkNonNegative, checkSameLength, correlation } from "@turnwise/core";

/** Input of {@link predictDrift}, one entry per response. */
export interface DriftResponses {
  /**
   * Advantages of the responses. Pass modulated advantages to predict the drift with modulation.
   */
  readonly advantages: readonly number[];
  /** Surprisal of the sampled response, nats, `>= 0`. */
  readonly surprisals: readonly number[];
  /**
   * Entropy of the distribution from which the response was sampled, in the same unit as the
   * surprisals, `>= 0`.
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
  /** Pearson correlation, in [-1, 1]; `undefined` if either input is constant. */
  readonly correlation: number | undefined;
  /**
   * Share of pairs with equal signs among the pairs without a 0; `undefined` if there is no such
   * pair.
   */
  readonly signAgreement: number | undefined;
}

/**
 * Compares predicted with measured entropy changes (or any two proxies for entropy changes).
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
