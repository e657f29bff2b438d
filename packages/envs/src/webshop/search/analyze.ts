import { porterStem } from "./porter-stem.ts";
import { tokenize } from "./tokenize.ts";

/** Stop words of Lucene's English analysis. */
const stopWords: ReadonlySet<string> = new Set(
  (
    "a an and are as at be but by for if in into is it no not of on or such that the their then " +
    "there these they this to was will with"
  ).split(" "),
);

/** Lower case of one code point by the simple mapping, like Java's `Character.toLowerCase`. */
function toLower(character: string): string {
  const lower = character.toLowerCase();
  // Only U+0130 has a longer full mapping; its simple mapping is the plain i.
  return lower.length > character.length ? lower[0]! : lower;
}

/**
 * Index term of a token: without an English possessive, in lower case, stemmed.
 * @returns `""` for a stop word.
 */
export function toTerm(token: string): string {
  let word = token;
  if (/['\u2019\uff07][sS]$/u.test(word)) word = word.slice(0, -2);
  // Lower-case each code point separately: a whole text would give a Greek sigma its final form.
  word = /^[\0-\x7f]*$/u.test(word) ? word.toLowerCase() : Array.from(word, toLower).join("");
  return stopWords.has(word) ? "" : porterStem(word);
}

/**
 * Terms of a text as in Anserini's English analyzer: tokens without possessives, in lower case,
 * without stop words, Porter-stemmed.
 */
export function analyze(text: string): string[] {
  return tokenize(text)
    .map(toTerm)
    .filter((term) => term !== "");
}
