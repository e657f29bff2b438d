import { topKEntropyBounds } from "@turnwise/aem";

/** Bounds on the entropy of each token of a response, nats, `[token]`. */
export interface EntropyBounds {
  readonly low: number[];
  readonly high: number[];
}

/**
 * Computes bounds on token entropies from the k most likely tokens that an engine reports.
 * @param tops - Log-probs of the most likely tokens in descending order, nats,
 *   `[response][token][choice]`. Tokens beyond these have no mass.
 * @param k - Number of choices that the engine reports; if the vocabulary is smaller, the engine
 *   reports all of it.
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
