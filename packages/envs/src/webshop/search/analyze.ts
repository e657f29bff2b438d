import { porterStem } from "./porter-stem.ts";
import { tokenize } from "./tokenize.ts";

/** The words that Lucene's English analysis drops. */
const stopWords: ReadonlySet<string> = new Set(
  (
    "a an and are as at be but by for if in into is it no not of on or such that the their then " +
    "there these they this to was will with"
  ).split(" "),
);

/** One code point in lower case by the simple mapping, as Java's `Character.toLowerCase`. */
function lowerOne(character: string): string {
  const lower = character.toLowerCase();
  // Only U+0130 has a longer full mapping; its simple one is the plain i.
  return lower.length > character.length ? lower[0]! : lower;
}

/**
 * What a token is indexed under: without an English possessive, in lower case, stemmed.
 * @returns `""` for a stop word.
 */
export function termOf(token: string): string {
  let word = token;
  if (/['\u2019\uff07][sS]$/u.test(word)) word = word.slice(0, -2);
  // Code point by code point: a whole text would give a Greek sigma its final form.
  word = /^[\0-\x7f]*$/u.test(word) ? word.toLowerCase() : Array.from(word, lowerOne).join("");
  return stopWords.has(word) ? "" : porterStem(word);
}

/**
 * The terms of a text as Anserini's English analyzer gives them: tokens, possessives stripped,
 * lower case, stop words dropped, Porter stems.
 */
export function analyze(text: string): string[] {
  return tokenize(text)
    .map(termOf)
    .filter((term) => term !== "");
}
