import { specialTokenText } from "./special-tokens.ts";
import type { TokenizerFiles } from "./tokenizer-files.ts";

/**
 * Finds the tokens that a tokenizer's post-processor adds at the start of a sequence. As in
 * transformers, `add_bos_token` of `tokenizer_config.json` takes precedence: `true` adds
 * `bos_token`, `false` adds nothing.
 *
 * @param encode - Encodes a text, with or without the tokens that the post-processor adds.
 */
export function findBeginTokens(
  { config }: TokenizerFiles,
  encode: (text: string) => {
    readonly plain: readonly number[];
    readonly whole: readonly number[];
  },
): readonly number[] {
  if (config["add_bos_token"] === false) return [];
  const { plain, whole } = encode("a");
  const place = whole.findIndex((_, i) => plain.every((id, j) => whole[i + j] === id));
  if (place > 0) return whole.slice(0, place);
  const text = specialTokenText(config, "bos_token");
  if (config["add_bos_token"] !== true || text === undefined) return [];
  const { plain: begin } = encode(text);
  return begin.length === 1 ? begin : [];
}
