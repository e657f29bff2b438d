import { families } from "./families/families.ts";
import type { ModelConfig } from "./model-config.ts";
import { drawParameters, type Parameters, type ParameterSpec } from "./shape/parameters.ts";

/**
 * Lists all parameters of a model, in the one order that weights, gradients and optimizer state share:
 * embedding, layers, final norm, and the head if it is not tied to the embedding. Linear weights are
 * `[output, input]`.
 */
export function parameterTable(config: ModelConfig): ParameterSpec[] {
  return families[config.modelType].parameters(config);
}

/**
 * Draws fresh parameters of a model, see {@link drawParameters}.
 * @param seed - Fixes all values; each tensor has a stream of its own, so a tensor keeps its values
 *   when another one changes its shape.
 */
export function initialParameters(config: ModelConfig, seed: number | string): Parameters {
  return drawParameters(parameterTable(config), config, seed);
}
