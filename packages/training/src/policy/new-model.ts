import { smallModelConfig, type LoadedTokenizer, type ModelConfig } from "@turnwise/policy";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";

/** Vocabulary size assumed in estimates, because the actual vocabulary is built from the tasks. */
const assumedVocabulary = 4096;

/**
 * Creates the configuration of a new model.
 * @param vocabularySize - Default: an assumed size, for estimates.
 */
export function createModelConfig(
  { maxTokens, ...sizes }: Extract<ExperimentSettings["model"], { source: "new" }>,
  vocabularySize: number = assumedVocabulary,
): ModelConfig {
  return smallModelConfig({ ...sizes, vocabularySize, maxSequenceTokens: maxTokens });
}

/** Creates a small model for the vocabulary of a tokenizer. */
export function createNewPolicy(
  settings: Extract<ExperimentSettings["model"], { source: "new" }>,
  tokenizer: LoadedTokenizer,
): { readonly model: ModelConfig; readonly tokenizer: LoadedTokenizer } {
  const small = createModelConfig(settings, tokenizer.vocabularySize);
  // Use larger initial weights than usual: with a deviation of 0.02, small models need long to break
  // symmetry.
  return { model: { ...small, initializerRange: 0.1 }, tokenizer };
}
