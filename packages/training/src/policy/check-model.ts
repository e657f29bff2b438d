import { readModelConfig, readTokenizer } from "@turnwise/policy";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { InputError, readInput } from "../input-error.ts";

/**
 * Looks into the folders that a configuration takes its model from, without loading weights.
 * @throws {@link InputError} if something is missing or not computed, or the model's sequences are
 *   shorter than the run's.
 */
export async function checkModel({ model }: ExperimentSettings): Promise<void> {
  if (model.source === "new" || model.source === "custom") return;
  if (model.source === "tinker") {
    await readInput(() => readTokenizer(model.tokenizer));
    return;
  }
  const { maxSequenceTokens } = await readInput(() => readModelConfig(model.path));
  await readInput(() => readTokenizer(model.path));
  if (model.maxTokens > maxSequenceTokens) {
    throw new InputError(
      `model.maxTokens must be at most ${maxSequenceTokens}, the longest sequence of ${model.path}, got ${model.maxTokens}`,
    );
  }
}
