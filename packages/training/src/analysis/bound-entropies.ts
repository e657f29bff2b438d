import { topKEntropyBounds } from "@turnwise/aem";

/** Bounds on the entropy of each token of a response, nats, `[token]`. */
export interface EntropyBounds {
  readonly low: number[];
  readonly high: number[];
}

/**
 * Bounds that an engine's k most likely tokens leave on the entropies of responses.
 * @param tops - Log-probs of the most likely tokens in falling order, nats, `[response][token][choice]`.
 *   Choices beyond those given have no mass.
 * @param k - Number of choices that the engine reports; a smaller vocabulary is reported whole.
 */
export function boundEntropies(
  tops: readonly (readonly (readonly number[])[])[],
  k: number,
  vocabularySize: number,
): EntropyBounds[] {
  return tops.map((response) => {
    const bounds = response.map((logProbs) =>
      topKEntropyBounds(logProbs.slice(0, k), vocabularySize),
    );
    return { low: bounds.map(({ low }) => low), high: bounds.map(({ high }) => high) };
  });
}
