import { smallModelConfig, type ModelConfig } from "@turnwise/policy";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";

/** Vocabulary size for estimates; the vocabulary itself is known when the tasks are read. */
const assumedVocabulary = 4096;

/** Shape of a new model. @param vocabularySize - Default: a usual one, for estimates. */
export function newModelConfig(
  { maxTokens, ...sizes }: Extract<ExperimentSettings["model"], { source: "new" }>,
  vocabularySize: number = assumedVocabulary,
): ModelConfig {
  return smallModelConfig({ ...sizes, vocabularySize, maxSequenceTokens: maxTokens });
}
