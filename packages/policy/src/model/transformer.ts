import {
  forestAttention,
  forestDepths,
  forestTokens,
  recompute,
  type Feeds,
  type Tensor,
  type Tracer,
} from "@turnwise/graph";
import { adapterScale, loraNames } from "./lora.ts";
import type { ModelConfig } from "./model-config.ts";
import { families } from "./families/families.ts";
import type { FamilyLayers } from "./families/family.ts";
import type { ParameterLayout } from "./parameter-layout.ts";
import type { TracedParameters } from "./shape/traced-parameters.ts";
import { rotaryFrequencies, rotaryMagnitude } from "./shape/rope-scaling.ts";

/** Model in a traced program: its parameters, and the layers of its family. */
export interface TracedModel extends TracedParameters {
  readonly config: ModelConfig;
  readonly layers: FamilyLayers;
}

/** Adds a model with its adapter to a program. Only parameters that are used become inputs. */
export function traceModel(g: Tracer, { config, adapter, shapes }: ParameterLayout): TracedModel {
  const parameter = (name: string): Tensor =>
    g.inputs[name] ?? g.input(name, "float32", shapes.get(name)!);
  const linear = (name: string, x: Tensor): Tensor => {
    const bias = `${name}.bias`;
    const whole = g.linear(
      x,
      parameter(`${name}.weight`),
      shapes.has(bias) ? parameter(bias) : undefined,
    );
    const { a, b } = loraNames(name);
    if (!adapter || !shapes.has(a)) return whole;
    const low = g.multiply(g.linear(x, parameter(a)), adapterScale(adapter.config));
    return g.add(whole, g.linear(low, parameter(b)));
  };
  const rotary = (name: string): Tensor =>
    g.inputs[name] ?? g.input(name, "float32", [config.maxSequenceTokens, config.headSize / 2]);
  return {
    g,
    config,
    layers: families[config.modelType],
    parameter,
    linear,
    rotary: () => ({ cos: rotary("cos"), sin: rotary("sin") }),
  };
}

/** Creates the rotary tables of a model, as inputs of its programs. */
export function rotaryFeeds(config: ModelConfig): Feeds {
  const { maxSequenceTokens, headSize } = config;
  const half = headSize / 2;
  const cos = new Float32Array(maxSequenceTokens * half);
  const sin = new Float32Array(maxSequenceTokens * half);
  const frequencies = rotaryFrequencies(config);
  const magnitude = rotaryMagnitude(config);
  for (let position = 0; position < maxSequenceTokens; position++) {
    for (let i = 0; i < half; i++) {
      // Round like PyTorch; at position 30000 the difference is visible in the angle.
      const angle = Math.fround(position * frequencies[i]!);
      cos[position * half + i] = magnitude * Math.cos(angle);
      sin[position * half + i] = magnitude * Math.sin(angle);
    }
  }
  const shape = [maxSequenceTokens, half];
  return { cos: { data: cos, shape }, sin: { data: sin, shape } };
}

/** Token embeddings: ids int32 `[...]`, result `[..., hiddenSize]`. */
export function embed({ g, parameter }: TracedModel, tokens: Tensor): Tensor {
  return g.gather(parameter("model.embed_tokens.weight"), tokens);
}

/** Weight of the output head, `[vocabularySize, hiddenSize]`. */
export function headWeight({ config, parameter }: TracedModel): Tensor {
  return parameter(config.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight");
}

/**
 * Last hidden states of tokens in a forest, whose layout is an input (see `layoutForest` of
 * @turnwise/graph).
 * @param tokens - int32 `[node]`.
 * @param outputs - Distinct tokens whose hidden states are returned, int32 `[n]`. In the last
 *   layer, everything after attention is computed only for these tokens.
 * @param options - `recomputeLayers` recomputes each layer in the backward pass.
 * @returns `[n, hiddenSize]`, after the final norm.
 */
export function forwardForest(
  model: TracedModel,
  tokens: Tensor,
  outputs: Tensor,
  { recomputeLayers = false }: { readonly recomputeLayers?: boolean } = {},
): Tensor {
  const { g, config, layers } = model;
  const positions = g.reshape(forestDepths(g), [1, forestTokens]);
  const width = config.numHeads * config.headSize;
  const pick = (x: Tensor): Tensor => g.gather(x, outputs, { uniqueIds: true });
  const layerOf =
    (layer: number) =>
    (x: Tensor): Tensor => {
      const row = g.reshape(x, [1, forestTokens, config.hiddenSize]);
      const { query, key, value } = layers.layerHeads(model, layer, row, positions);
      const flat = (part: Tensor): Tensor => g.reshape(part, part.shape.slice(1));
      const attended = g.reshape(
        forestAttention(g, { query: flat(query), key: flat(key), value: flat(value) }),
        [forestTokens, width],
      );
      const isLast = layer === config.numLayers - 1;
      return isLast
        ? layers.layerRest(model, layer, pick(x), pick(attended))
        : layers.layerRest(model, layer, x, attended);
    };
  let x = embed(model, tokens);
  for (let layer = 0; layer < config.numLayers; layer++) {
    x = recomputeLayers ? recompute(g, x, layerOf(layer)) : layerOf(layer)(x);
  }
  return layers.finalNorm(model, x);
}
