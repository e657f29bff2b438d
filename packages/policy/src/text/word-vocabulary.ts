import { checkInteger } from "@turnwise/core";
import type { TokenizerFiles } from "./tokenizer-files.ts";
import { rankByCount, listSpecialTokens, wordLevelFiles } from "./word-level-files.ts";

/** Options of {@link buildWordVocabulary}. */
export interface WordVocabularyOptions {
  /** Tokens that are matched literally, even inside words, such as `<action>`. Default none. */
  readonly markers?: readonly string[];
  /** Words that are always included. Default none. */
  readonly words?: readonly string[];
  /** Minimum count of a word, `>= 1`; rarer words become `<unknown>`. Default 1. */
  readonly minCount?: number;
  /**
   * Maximum number of tokens, including markers and special tokens; the most frequent words are
   * kept.
   */
  readonly maxSize?: number;
}

/**
 * Matches words (runs of letters, digits and combining marks), and single other visible characters.
 */
const wordPattern = String.raw`[\p{L}\p{N}\p{M}]+|[^\s\p{L}\p{N}\p{M}]`;

/**
 * Builds a word-level tokenizer from all words in a corpus, as Hugging Face files: each word and
 * each punctuation mark is one token, case matters, and white space only separates tokens. Ids are
 * in the order: `<end>`, `<unknown>`, the markers as given, words from frequent to rare (ties by
 * code points). Decoding joins tokens with single spaces.
 * @param texts - Texts of the corpus; may be empty if `words` is not empty.
 *
 * @example
 * const tokenizer = createTokenizer(buildWordVocabulary(["go to fridge 1."], { markers: ["<act>"] }));
 * tokenizer.decode(tokenizer.encode("<act>go to  sink 1.")); // "<act> go to <unknown> 1 ."
 */
export function buildWordVocabulary(
  texts: Iterable<string>,
  {
    markers = [],
    words = [],
    minCount = 1,
    maxSize = Number.MAX_SAFE_INTEGER,
  }: WordVocabularyOptions = {},
): TokenizerFiles {
  const { special, pattern } = listSpecialTokens(markers);
  checkInteger("buildWordVocabulary", { minCount }, { min: 1 });
  checkInteger("buildWordVocabulary", { maxSize }, { min: special.length + words.length });
  if (special.includes("")) {
    throw new RangeError("buildWordVocabulary: markers must not contain an empty string");
  }
  const counts = new Map<string, number>();
  const token = new RegExp(`(${pattern})|${wordPattern}`, "gu");
  for (const text of texts) {
    for (const [word, marker] of text.matchAll(token)) {
      if (marker === undefined) counts.set(word, (counts.get(word) ?? 0) + 1);
    }
  }
  for (const word of words) counts.set(word, Number.POSITIVE_INFINITY);
  const vocabulary = [...special, ...rankByCount(counts, minCount)].slice(0, maxSize);
  return wordLevelFiles(special, vocabulary, wordPattern, "spaced");
}
