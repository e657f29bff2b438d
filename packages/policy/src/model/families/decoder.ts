import { swiglu, type Tensor } from "@turnwise/graph";
import type { ModelShape } from "../shape/model-shape.ts";
import type { ParameterSpec } from "../shape/parameters.ts";
import type { LayerHeads, TracedParameters } from "../shape/traced-parameters.ts";
import type { FamilyLayers } from "./family.ts";

/** Options of {@link decoderLayers}. */
export interface DecoderOptions {
  /** Normalizes each head of queries and keys (RMSNorm) before the rotary embedding. */
  readonly normalizesHeads: boolean;
}

/** Creates the layers of Llama-like decoders: RMSNorm, rotary attention, RMSNorm, SwiGLU. */
export function decoderLayers(options: DecoderOptions): FamilyLayers {
  return {
    parameters: (config) => decoderParameters(config, options),
    layerHeads: (...input) => decoderHeads(options, ...input),
    layerRest: decoderRest,
    finalNorm: ({ g, config, parameter }, x) =>
      g.rmsNorm(x, parameter("model.norm.weight"), config.normEpsilon),
  };
}

/** Lists the parameters of a decoder. Linear weights are `[output, input]`. */
function decoderParameters(
  config: ModelShape,
  { normalizesHeads }: DecoderOptions,
): ParameterSpec[] {
  const { hiddenSize, headSize, intermediateSize } = config;
  const querySize = config.numHeads * headSize;
  const keySize = config.numKeyValueHeads * headSize;
  const table: ParameterSpec[] = [];
  const add = (
    name: string,
    shape: readonly number[],
    initial: ParameterSpec["initial"] = "normal",
  ): void => {
    table.push({ name, shape, initial });
  };

  const linear = (
    name: string,
    [outputs, inputs]: readonly [number, number],
    hasBias: boolean,
    initial: ParameterSpec["initial"] = "normal",
  ): void => {
    add(`${name}.weight`, [outputs, inputs], initial);
    if (hasBias) add(`${name}.bias`, [outputs], "zeros");
  };

  add("model.embed_tokens.weight", [config.vocabularySize, hiddenSize]);
  for (let layer = 0; layer < config.numLayers; layer++) {
    const prefix = `model.layers.${layer}`;
    add(`${prefix}.input_layernorm.weight`, [hiddenSize], "ones");
    for (const [part, size] of [
      ["q", querySize],
      ["k", keySize],
      ["v", keySize],
    ] as const) {
      const hasBias = config.attentionBiases !== "none";
      linear(`${prefix}.self_attn.${part}_proj`, [size, hiddenSize], hasBias);
    }
    if (normalizesHeads) {
      add(`${prefix}.self_attn.q_norm.weight`, [headSize], "ones");
      add(`${prefix}.self_attn.k_norm.weight`, [headSize], "ones");
    }
    const output = `${prefix}.self_attn.o_proj`;
    linear(output, [hiddenSize, querySize], config.attentionBiases === "all", "residual");
    add(`${prefix}.post_attention_layernorm.weight`, [hiddenSize], "ones");
    const { mlpBiases } = config;
    linear(`${prefix}.mlp.gate_proj`, [intermediateSize, hiddenSize], mlpBiases);
    linear(`${prefix}.mlp.up_proj`, [intermediateSize, hiddenSize], mlpBiases);
    linear(`${prefix}.mlp.down_proj`, [hiddenSize, intermediateSize], mlpBiases, "residual");
  }
  add("model.norm.weight", [hiddenSize], "ones");
  if (!config.tiedEmbeddings) add("lm_head.weight", [config.vocabularySize, hiddenSize]);
  return table;
}

function decoderHeads(
  { normalizesHeads }: DecoderOptions,
  { g, config, parameter, linear, rotary }: TracedParameters,
  layer: number,
  x: Tensor,
  positions: Tensor,
): LayerHeads {
  const prefix = `model.layers.${layer}`;
  const normed = g.rmsNorm(x, parameter(`${prefix}.input_layernorm.weight`), config.normEpsilon);
  const [batch, time] = [x.shape[0]!, x.shape[1]!];
  const project = (part: "q" | "k" | "v", heads: number): Tensor => {
    const projected = linear(`${prefix}.self_attn.${part}_proj`, normed);
    return g.reshape(projected, [batch, time, heads, config.headSize]);
  };
  const { cos, sin } = rotary();
  const rotate = (part: "q" | "k", heads: number): Tensor => {
    const projected = project(part, heads);
    const scaled = normalizesHeads
      ? g.rmsNorm(
          projected,
          parameter(`${prefix}.self_attn.${part}_norm.weight`),
          config.normEpsilon,
        )
      : projected;
    return g.rope(scaled, cos, sin, positions);
  };
  return {
    query: rotate("q", config.numHeads),
    key: rotate("k", config.numKeyValueHeads),
    value: project("v", config.numKeyValueHeads),
  };
}

function decoderRest(
  { g, config, parameter, linear }: TracedParameters,
  layer: number,
  x: Tensor,
  attended: Tensor,
): Tensor {
  const prefix = `model.layers.${layer}`;
  const middle = g.add(x, linear(`${prefix}.self_attn.o_proj`, attended));
  const normed = g.rmsNorm(
    middle,
    parameter(`${prefix}.post_attention_layernorm.weight`),
    config.normEpsilon,
  );
  const gated = swiglu(
    g,
    linear(`${prefix}.mlp.gate_proj`, normed),
    linear(`${prefix}.mlp.up_proj`, normed),
  );
  return g.add(middle, linear(`${prefix}.mlp.down_proj`, gated));
}
