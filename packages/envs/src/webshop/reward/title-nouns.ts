/** Returns the nouns of a product title, in lower case, in order, with repeats. */
export type TitleNouns = (title: string) => readonly string[];

/** Words that are not nouns: articles, prepositions, conjunctions, pronouns, auxiliaries. */
const functionWords: ReadonlySet<string> = new Set(
  (
    "a about above across after against all along also am among an and any are around as at be " +
    "been before behind below between both but by can could did do does down during each either " +
    "every few for from get had has have he her here hers him his how i if in inside into is it its " +
    "just made make makes may me might more most much must my near no nor not now of off on once " +
    "one only onto or other our ours out outside over own per same she should since so some such " +
    "than that the their them then there these they this those three through to too toward two " +
    "under until up upon us very via was we were what when where which while who whom whose why " +
    "will with within without would yet you your yours four five six"
  ).split(" "),
);

/** A number and its unit, which are split. */
const measured = /^(\d[\d.,]*)(km|m|dm|cm|mm|ha|nm|yd|in|ft|kg|g|mg|t|lb|oz|mph|mb|kb|gb|tb|k)$/iu;

/** Words of a title, split approximately as spaCy splits English. */
function words(title: string): string[] {
  return title.split(/\s+/u).flatMap((chunk) => {
    const bare = chunk
      .replace(/^[^\p{L}\p{N}]+/u, "")
      .replace(/(?<![^\p{L}\p{N}])[^\p{L}\p{N}]+$/u, "")
      .replace(/['’]s$/u, "");
    const parts = bare
      // Hyphens and commas split letters, but not the digits of a model or a size.
      .split(/(?<=\p{L})[-–—,:~&](?=\p{L})|[()[\]{}"“”;!?…/](?=\p{L})|\.(?=\p{Lu})|--+/u)
      .filter((part) => part !== "");
    return parts.flatMap((part) => {
      const unit = measured.exec(part);
      return unit === null ? [part] : [unit[1]!, unit[2]!];
    });
  });
}

/**
 * Guesses nouns without a tagger: all words with a letter that are not function words. In product
 * titles, nearly every word is a noun or is tagged as one. Prefer the output of a real tagger if
 * available, see `readTitleNouns`.
 */
export function guessTitleNouns(title: string): readonly string[] {
  return words(title)
    .map((word) => word.toLowerCase())
    .filter((word) => /\p{L}/u.test(word) && !functionWords.has(word));
}
