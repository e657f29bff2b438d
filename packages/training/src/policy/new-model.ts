import { smallModelConfig, type LoadedTokenizer, type ModelConfig } from "@turnwise/policy";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";

/** Vocabulary size for estimates; the vocabulary itself is known when the tasks are read. */
const assumedVocabulary = 4096;

/** Shape of a new model. @param vocabularySize - Default: a usual one, for estimates. */
export function createModelConfig(
  { maxTokens, ...sizes }: Extract<ExperimentSettings["model"], { source: "new" }>,
  vocabularySize: number = assumedVocabulary,
): ModelConfig {
  return smallModelConfig({ ...sizes, vocabularySize, maxSequenceTokens: maxTokens });
}

/** A small model of its own for a vocabulary. */
export function createNewPolicy(
  settings: Extract<ExperimentSettings["model"], { source: "new" }>,
  tokenizer: LoadedTokenizer,
): { readonly model: ModelConfig; readonly tokenizer: LoadedTokenizer } {
  const small = createModelConfig(settings, tokenizer.vocabularySize);
  // Small models start larger than the usual 0.02, or they take long to break symmetry.
  return { model: { ...small, initializerRange: 0.1 }, tokenizer };
}
