import { pythonStrip } from "../../python/python-strip.ts";
import { comparePythonTexts, pythonSplit } from "../../python/python-text.ts";
import { sequenceRatio } from "./sequence-ratio.ts";

/** Words only: Latin-1 beyond ASCII dropped, all else that is no letter or digit blank. */
function clean(text: string): string {
  const words = text.replaceAll(/[\u0080-\u00ff]/gu, "").replaceAll(/[^\p{L}\p{N}_]/gu, " ");
  return pythonStrip(words.toLowerCase());
}

/** Whole per cents, halves to the even neighbour. */
function percent(first: string, second: string): number {
  if (first === second) return 100;
  if (first === "" || second === "") return 0;
  const value = 100 * sequenceRatio(first, second);
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/**
 * How alike two texts are as sets of words, in whole per cents. The common words alone, and with
 * the rest of each text, are compared pairwise; the best counts. A text whose words all occur in
 * the other has 100.
 *
 * Equal to thefuzz 0.19 over difflib, which the reference pins; later versions score otherwise.
 * @returns A whole number in [0, 100]; 0 if either text has no word.
 */
export function tokenSetRatio(first: string, second: string): number {
  const a = clean(first);
  const b = clean(second);
  if (a === "" || b === "") return 0;
  const wordsOfA = new Set(pythonSplit(a));
  const wordsOfB = new Set(pythonSplit(b));
  const sorted = (words: Iterable<string>): string => [...words].sort(comparePythonTexts).join(" ");
  const common = sorted([...wordsOfA].filter((word) => wordsOfB.has(word)));
  const restOfA = sorted([...wordsOfA].filter((word) => !wordsOfB.has(word)));
  const restOfB = sorted([...wordsOfB].filter((word) => !wordsOfA.has(word)));
  const wholeA = pythonStrip(`${common} ${restOfA}`);
  const wholeB = pythonStrip(`${common} ${restOfB}`);
  return Math.max(percent(common, wholeA), percent(common, wholeB), percent(wholeA, wholeB));
}
