import { drawParameters, type Parameters, type ParameterSpec } from "./shape/parameters.ts";
import type { ModelConfig } from "./model-config.ts";

/** The names of a value head's parameters. */
export const valueHeadNames = { weight: "value_head.weight", bias: "value_head.bias" } as const;

/**
 * The parameters of a value head: a linear layer from the last hidden state, behind the final norm, to
 * one number. All start at 0: at first every state is expected to pay nothing.
 */
export function valueHeadTable({ hiddenSize }: ModelConfig): ParameterSpec[] {
  return [
    { name: valueHeadNames.weight, shape: [1, hiddenSize], initial: "zeros" },
    { name: valueHeadNames.bias, shape: [1], initial: "zeros" },
  ];
}

/** Values of a fresh value head; none without one. */
export function initialValueHead({
  config,
  valueHead,
}: {
  readonly config: ModelConfig;
  readonly valueHead: readonly ParameterSpec[];
}): Parameters {
  return drawParameters(valueHead, config, 0);
}
