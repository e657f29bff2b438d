import type { TokenizerFiles } from "./tokenizer.ts";

/** The token that ends a response, id 0. */
export const endTokenText = "<end>";
/** The token for what is not in the vocabulary, id 1. */
export const unknownTokenText = "<unknown>";

/** The special tokens of a vocabulary, and a pattern that finds them: longer ones first, as one may begin another. */
export function specialTokens(markers: readonly string[]): {
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

/** What was counted at least `minCount` times, from frequent to rare, equally frequent by code points. */
export function ranked(counts: ReadonlyMap<string, number>, minCount: number): string[] {
  return [...counts]
    .filter(([, count]) => count >= minCount)
    .sort(([a, countA], [b, countB]) => (countA === countB ? (a < b ? -1 : 1) : countB - countA))
    .map(([text]) => text);
}

/**
 * Hugging Face's files of a tokenizer in which each piece that a pattern finds is one token.
 * @param vocabulary - In the order of ids, special tokens first.
 * @param kind - `spaced` drops what the pattern does not match, and decodes with single spaces between
 *   tokens; `fused` keeps all, and puts pieces together as they are.
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
