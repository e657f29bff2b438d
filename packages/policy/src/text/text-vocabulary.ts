import { checkInteger } from "@turnwise/core";
import type { TokenizerFiles } from "./tokenizer-files.ts";
import { rankByCount, listSpecialTokens, wordLevelFiles } from "./word-level-files.ts";

/** Options of {@link buildTextVocabulary}. */
export interface TextVocabularyOptions {
  /** Tokens that are matched literally, even inside words. Default none. */
  readonly markers?: readonly string[];
  /** Minimum count of a piece, `>= 1`; rarer pieces become `<unknown>`. Default 1. */
  readonly minCount?: number;
}

/**
 * Matches words with at most one leading space, line breaks with the following indentation, runs of
 * spaces, and single other characters.
 */
const piecePattern = String.raw` ?[\p{L}\p{N}\p{M}]+|\n[ \t]*| +|[\s\S]`;

/**
 * Builds a tokenizer from all pieces of a corpus, including white space. Text without unknown
 * pieces decodes to itself. For small models that read and write code.
 * @param texts - Texts of the corpus.
 *
 * @example
 * const tokenizer = createTokenizer(buildTextVocabulary(["if x:\n    return 1"]));
 * tokenizer.decode(tokenizer.encode("if x:\n    return 1")); // the same
 */
export function buildTextVocabulary(
  texts: Iterable<string>,
  { markers = [], minCount = 1 }: TextVocabularyOptions = {},
): TokenizerFiles {
  checkInteger("buildTextVocabulary", { minCount }, { min: 1 });
  if (markers.includes("")) {
    throw new RangeError("buildTextVocabulary: markers must not contain an empty string");
  }
  const { special, pattern } = listSpecialTokens(markers);
  const marks = new RegExp(pattern, "u");
  const piece = new RegExp(piecePattern, "gu");
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const part of text.split(marks)) {
      for (const [found] of part.matchAll(piece)) counts.set(found, (counts.get(found) ?? 0) + 1);
    }
  }
  const vocabulary = [...special, ...rankByCount(counts, minCount)];
  return wordLevelFiles(special, vocabulary, piecePattern, "fused");
}
