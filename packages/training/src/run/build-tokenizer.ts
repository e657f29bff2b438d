import type { Demonstration, TaskSource } from "@turnwise/envs";
import {
  buildTextVocabulary,
  buildWordVocabulary,
  createTokenizer,
  type LoadedTokenizer,
} from "@turnwise/policy";
import { InputError } from "../input-error.ts";

/**
 * Builds the tokenizer of a new model from all words in all demonstrations, including those that
 * are not imitated, and from every interchangeable name with every number.
 * @throws {@link InputError} if the tasks have neither demonstrations nor texts.
 */
export function buildTokenizer(
  demonstrations: readonly Demonstration[],
  exchangeable: readonly (readonly string[])[],
  { name, demonstrator, vocabularyTexts = [] }: TaskSource,
): LoadedTokenizer {
  const { markers = [], vocabulary = "words" } = demonstrator ?? {};
  const texts = [
    ...demonstrations.flatMap(({ turns }) =>
      turns.flatMap(({ prompt, response }) => [prompt, response]),
    ),
    ...vocabularyTexts,
  ];
  if (texts.length === 0) {
    throw new InputError(
      `model.source must be folder or tinker for ${name}, because these tasks have no demonstrator and no vocabularyTexts, got new`,
    );
  }
  if (vocabulary === "text") return createTokenizer(buildTextVocabulary(texts, { markers }));
  // A name with a number may be replaced by any name of its list with the same number.
  const words = exchangeable.flatMap((classes) => {
    const members = new Set(classes);
    const numbers = new Set([""]);
    for (const text of texts) {
      for (const [, name, number] of text.matchAll(/\b([a-z]+)(\d+)\b/gu)) {
        if (members.has(name!)) numbers.add(number!);
      }
    }
    return classes.flatMap((name) => [...numbers].map((number) => `${name}${number}`));
  });
  return createTokenizer(buildWordVocabulary(texts, { markers, words }));
}
