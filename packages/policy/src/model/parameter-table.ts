import { families } from "./families/families.ts";
import type { ModelConfig } from "./model-config.ts";
import { drawParameters, type Parameters, type ParameterSpec } from "./shape/parameters.ts";

/**
 * Lists all parameters of a model, in the order that weights, gradients and optimizer state share:
 * embedding, layers, final norm, and the head if it is not tied to the embedding. Linear weights
 * are `[output, input]`.
 */
export function parameterTable(config: ModelConfig): ParameterSpec[] {
  return families[config.modelType].parameters(config);
}

/**
 * Draws the initial parameters of a model, see `drawParameters`.
 * @param seed - Seed of the random values. Each tensor has its own random stream, so its values do
 *   not depend on the shapes of other tensors.
 */
export function initialParameters(config: ModelConfig, seed: number | string): Parameters {
  return drawParameters(parameterTable(config), config, seed);
}
