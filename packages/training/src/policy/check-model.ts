import { readModelConfig, readTokenizer } from "@turnwise/policy";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import { InputError, readInput } from "../input-error.ts";
import { readApiKey } from "./read-api-key.ts";

/**
 * Checks the model folders of a configuration without loading weights, and the key of a server.
 * @throws {@link InputError} if a file is missing, the architecture is not supported, the model's
 *   maximum sequence length is shorter than the run's, or the environment variable that holds the
 *   key is not set.
 */
export async function checkModel({ model }: ExperimentSettings): Promise<void> {
  if (model.source === "new" || model.source === "custom") return;
  if (model.source === "tinker") {
    await readInput(() => readTokenizer(model.tokenizer));
    readApiKey("model.apiKeyVariable", model.apiKeyVariable);
    return;
  }
  const { maxSequenceTokens } = await readInput(() => readModelConfig(model.path));
  await readInput(() => readTokenizer(model.path));
  if (model.maxTokens > maxSequenceTokens) {
    throw new InputError(
      `model.maxTokens must be at most ${maxSequenceTokens}, the maximum sequence length of ${model.path}, got ${model.maxTokens}`,
    );
  }
}
