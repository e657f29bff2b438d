import { drawParameters, type Parameters, type ParameterSpec } from "./shape/parameters.ts";
import type { ModelConfig } from "./model-config.ts";

/** Names of a value head's parameters. */
export const valueHeadNames = { weight: "value_head.weight", bias: "value_head.bias" } as const;

/**
 * Parameters of a value head: a linear layer from the last hidden state, after the final norm, to
 * one number. All are initialized to 0, so every initial value estimate is 0.
 */
export function valueHeadTable({ hiddenSize }: ModelConfig): ParameterSpec[] {
  return [
    { name: valueHeadNames.weight, shape: [1, hiddenSize], initial: "zeros" },
    { name: valueHeadNames.bias, shape: [1], initial: "zeros" },
  ];
}

/** Initial values of a value head; empty if the layout has none. */
export function initialValueHead({
  config,
  valueHead,
}: {
  readonly config: ModelConfig;
  readonly valueHead: readonly ParameterSpec[];
}): Parameters {
  return drawParameters(valueHead, config, 0);
}
