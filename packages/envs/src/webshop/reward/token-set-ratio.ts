import { pythonStrip } from "../../python/python-strip.ts";
import { comparePythonTexts, pythonSplit } from "../../python/python-text.ts";
import { sequenceRatio } from "./sequence-ratio.ts";

/**
 * Keeps only words: drops Latin-1 beyond ASCII, replaces everything else that is not a letter or
 * digit by spaces.
 */
function clean(text: string): string {
  const words = text.replaceAll(/[\u0080-\u00ff]/gu, "").replaceAll(/[^\p{L}\p{N}_]/gu, " ");
  return pythonStrip(words.toLowerCase());
}

/** Rounds to an integer per cent, halves to even. */
function percent(first: string, second: string): number {
  if (first === second) return 100;
  if (first === "" || second === "") return 0;
  const value = 100 * sequenceRatio(first, second);
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/**
 * Similarity of two texts as sets of words, in integer per cent: the maximum over pairs of (common
 * words, common words and the rest of the first text, common words and the rest of the second). 100
 * if all words of one text occur in the other.
 *
 * Equal to thefuzz 0.19 over difflib, which WebShop's code pins; later versions give other scores.
 * @returns An integer in [0, 100]; 0 if either text has no word.
 */
export function tokenSetRatio(first: string, second: string): number {
  const a = clean(first);
  const b = clean(second);
  if (a === "" || b === "") return 0;
  const wordsOfA = new Set(pythonSplit(a));
  const wordsOfB = new Set(pythonSplit(b));
  const joinSorted = (words: Iterable<string>): string =>
    [...words].sort(comparePythonTexts).join(" ");
  const common = joinSorted([...wordsOfA].filter((word) => wordsOfB.has(word)));
  const restOfA = joinSorted([...wordsOfA].filter((word) => !wordsOfB.has(word)));
  const restOfB = joinSorted([...wordsOfB].filter((word) => !wordsOfA.has(word)));
  const wholeA = pythonStrip(`${common} ${restOfA}`);
  const wholeB = pythonStrip(`${common} ${restOfB}`);
  return Math.max(percent(common, wholeA), percent(common, wholeB), percent(wholeA, wholeB));
}
