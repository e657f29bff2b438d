import type { TokenizerFiles } from "./tokenizer-files.ts";

/** Text of the token that ends a response; its id is 0. */
export const endTokenText = "<end>";
/** Text of the token for unknown words; its id is 1. */
export const unknownTokenText = "<unknown>";

/**
 * Lists the special tokens of a vocabulary, and a pattern that matches them. Longer tokens come
 * first in the pattern, because one may be a prefix of another.
 */
export function listSpecialTokens(markers: readonly string[]): {
  readonly special: readonly string[];
  readonly pattern: string;
} {
  const special = [...new Set([endTokenText, unknownTokenText, ...markers])];
  const pattern = [...special]
    .sort((a, b) => b.length - a.length)
    .map((text) => text.replaceAll(/[.*+?^${}()|[\]\\/-]/gu, String.raw`\$&`))
    .join("|");
  return { special, pattern };
}

/**
 * Entries with a count of at least `minCount`, most frequent first; ties are ordered by code
 * points.
 */
export function rankByCount(counts: ReadonlyMap<string, number>, minCount: number): string[] {
  return [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([a, countA], [b, countB]) => (countA === countB ? (a < b ? -1 : 1) : countB - countA))
    .map(([text]) => text);
}

/**
 * Creates the Hugging Face files of a tokenizer in which each match of a pattern is one token.
 * @param vocabulary - Tokens in the order of ids, special tokens first.
 * @param kind - `spaced` drops text that the pattern does not match, and decodes with single spaces
 *   between tokens; `fused` keeps all text, and joins tokens without spaces.
 */
export function wordLevelFiles(
  special: readonly string[],
  vocabulary: readonly string[],
  pattern: string,
  kind: "spaced" | "fused",
): TokenizerFiles {
  const isSpaced = kind === "spaced";
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: special.map((content, id) => ({
        id,
        content,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      })),
      normalizer: null,
      pre_tokenizer: {
        type: "Split",
        pattern: { Regex: pattern },
        behavior: isSpaced ? "Removed" : "Isolated",
        invert: isSpaced,
      },
      post_processor: null,
      decoder: isSpaced ? null : { type: "Fuse" },
      model: {
        type: "WordLevel",
        vocab: Object.fromEntries(vocabulary.map((text, id) => [text, id])),
        unk_token: unknownTokenText,
      },
    },
    config: {
      tokenizer_class: "PreTrainedTokenizerFast",
      clean_up_tokenization_spaces: false,
      eos_token: endTokenText,
      unk_token: unknownTokenText,
    },
  };
}
