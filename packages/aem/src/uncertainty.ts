import { checkFinite, checkInteger, checkNonNegative, checkSameLength, mean } from "@turnwise/core";

/**
 * Uncertainty of the policy about a response's tokens, in the form that the engine reports.
 *
 * - `"entropy"`: the entropy of each next-token distribution over the full vocabulary.
 * - `"top-k"`: bounds on that entropy from the k most likely tokens, see {@link topKEntropyBounds}.
 * - `"surprisal"`: the log-prob of each sampled token. The negative mean has the same expectation
 * as the mean entropy, but more noise.
 * - `"mean-entropy"`: only the mean entropy over the response's tokens, nats per token.
 * - `"unknown"`: the engine reports nothing.
 */
export type Uncertainty =
  | { readonly kind: "entropy"; readonly entropies: readonly number[] }
  | { readonly kind: "top-k"; readonly low: readonly number[]; readonly high: readonly number[] }
  | { readonly kind: "surprisal"; readonly logProbs: readonly number[] }
  | { readonly kind: "mean-entropy"; readonly entropy: number; readonly numTokens: number }
  | { readonly kind: "unknown"; readonly numTokens: number };

/** Number of tokens of a response. */
export function countTokens(uncertainty: Uncertainty): number {
  switch (uncertainty.kind) {
    case "entropy":
      return uncertainty.entropies.length;
    case "top-k":
      return uncertainty.low.length;
    case "surprisal":
      return uncertainty.logProbs.length;
    case "mean-entropy":
    case "unknown":
  }
  return uncertainty.numTokens;
}

/** Uncertainty of one response as a number. */
export interface MeasuredUncertainty {
  readonly kind: Uncertainty["kind"];
  /**
   * Uncertainty of each token, nats, `[token]`; the midpoint of the bounds for `"top-k"`;
   * `undefined` for `"mean-entropy"`.
   */
  readonly tokens: readonly number[] | undefined;
  readonly numTokens: number;
  /** Mean over tokens, nats per token; 0 for a response without tokens. */
  readonly mean: number;
  /** Maximum error of `mean` due to the bounds, nats per token; 0 unless `"top-k"`. */
  readonly error: number;
}

/**
 * Reduces the uncertainty of a response to its mean over tokens (the paper's length normalization).
 * @throws `RangeError` if an entropy is negative, an upper bound is below its lower bound, a
 *   log-prob is positive, or a number is not finite; `TypeError` for `"unknown"`.
 */
export function measureUncertainty(uncertainty: Uncertainty): MeasuredUncertainty {
  const { kind } = uncertainty;
  const numTokens = countTokens(uncertainty);
  if (kind === "unknown") {
    throw new TypeError(
      'measureUncertainty: uncertainty.kind must be entropy, top-k, surprisal or mean-entropy, got "unknown"',
    );
  }
  if (kind === "mean-entropy") {
    const { entropy } = uncertainty;
    checkNonNegative("measureUncertainty", { entropy });
    checkInteger("measureUncertainty", { numTokens }, { min: 0 });
    return { kind, tokens: undefined, numTokens, mean: numTokens === 0 ? 0 : entropy, error: 0 };
  }
  if (kind === "top-k") {
    const { low, high } = uncertainty;
    checkSameLength("measureUncertainty", { low, high });
    checkNonNegative("measureUncertainty", { low, high });
    const widths = low.map((bound, token) => high[token]! - bound);
    const crossed = widths.findIndex((width) => width < 0);
    if (crossed !== -1) {
      throw new RangeError(
        `measureUncertainty: high[${crossed}] must be >= low[${crossed}] (${low[crossed]}), got ${high[crossed]}`,
      );
    }
    const tokens = low.map((bound, token) => bound + widths[token]! / 2);
    return {
      kind,
      tokens,
      numTokens,
      mean: meanOrZero(tokens),
      error: meanOrZero(widths) / 2,
    };
  }
  const tokens =
    kind === "entropy"
      ? uncertainty.entropies
      : uncertainty.logProbs.map((logProb) => Math.max(0, 0 - checkLogProb(logProb)));
  if (kind === "entropy") checkNonNegative("measureUncertainty", { entropies: tokens });
  return { kind, tokens, numTokens, mean: meanOrZero(tokens), error: 0 };
}

/** Log-probs computed in float32 may exceed 0 through rounding. */
const maxLogProb = 1e-3;

function meanOrZero(values: readonly number[]): number {
  return values.length === 0 ? 0 : mean(values);
}

function checkLogProb(logProb: number): number {
  if (Number.isFinite(logProb) && logProb <= maxLogProb) return logProb;
  throw new RangeError(`measureUncertainty: logProbs must be finite and <= 0, got ${logProb}`);
}

/**
 * Bounds on the entropy of a distribution when only the most likely choices are known.
 *
 * With `e` the remaining probability of the other `vocabularySize - k` choices, the entropy is
 * minimal if one choice has all of `e` and maximal if all share `e` equally: `known - e * log(e)`
 * to `known - e * log(e / (vocabularySize - k))`.
 *
 * @param logProbs - Log-probs of the k most likely choices, nats, `[choice]`,
 *   `1 <= k <= vocabularySize`.
 * @returns Nats, `0 <= low <= high`.
 * @throws `RangeError` if a log-prob is positive or not finite, their probabilities sum to more
 *   than 1 beyond rounding, or there are more log-probs than choices.
 */
export function topKEntropyBounds(
  logProbs: readonly number[],
  vocabularySize: number,
): { readonly low: number; readonly high: number } {
  checkInteger("topKEntropyBounds", { k: logProbs.length }, { min: 1 });
  checkInteger("topKEntropyBounds", { vocabularySize }, { min: logProbs.length });
  checkFinite("topKEntropyBounds", { logProbs });
  let known = 0;
  let mass = 0;
  for (const logProb of logProbs) {
    if (logProb > maxLogProb) {
      throw new RangeError(`topKEntropyBounds: logProbs must be at most 0, got ${logProb}`);
    }
    known -= Math.exp(logProb) * logProb;
    mass += Math.exp(logProb);
  }
  // Log-probs are float32: their sum may exceed 1 by a few parts in a million.
  if (mass > 1 + 1e-3) {
    throw new RangeError(`topKEntropyBounds: probabilities must sum to at most 1, got ${mass}`);
  }
  const rest = Math.max(0, 1 - mass);
  const others = vocabularySize - logProbs.length;
  if (rest === 0 || others === 0) return { low: Math.max(0, known), high: Math.max(0, known) };
  const low = Math.max(0, known - rest * Math.log(rest));
  return { low, high: low + rest * Math.log(others) };
}
