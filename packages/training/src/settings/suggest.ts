import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import countEdits from "damerau-levenshtein";

/** Maximum share of differing characters for a word to count as a misspelling. */
const maxShare = 0.3;

/**
 * Finds the candidate that is most similar to a misspelled word; `undefined` if none is similar.
 */
export function findSimilar(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Infinity;
  for (const candidate of candidates) {
    if (candidate === word) continue;
    const { steps } = countEdits(word.toLowerCase(), candidate.toLowerCase());
    const limit = Math.max(1, Math.floor(maxShare * Math.max(word.length, candidate.length)));
    if (steps > limit || steps >= bestDistance) continue;
    [best, bestDistance] = [candidate, steps];
  }
  return best;
}

/** Returns `" (did you mean NAME?)"`, or an empty text if no candidate is similar. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const similar = findSimilar(word, candidates);
  return similar === undefined ? "" : ` (did you mean ${similar}?)`;
}

/** Finds the existing path that is most similar to a missing one. */
export function findSimilarPath(path: string): string | undefined {
  const parent = dirname(path);
  if (parent === path) return undefined;
  if (!existsSync(parent)) {
    const similar = findSimilarPath(parent);
    if (similar === undefined) return undefined;
    const inside = join(similar, basename(path));
    return existsSync(inside) ? inside : findSimilarPath(inside);
  }
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    return undefined; // The path is not a folder, or is not readable.
  }
  const similar = findSimilar(basename(path), names);
  return similar === undefined ? undefined : join(parent, similar);
}
