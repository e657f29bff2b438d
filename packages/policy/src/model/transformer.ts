import {
  forestAttention,
  forestDepths,
  forestTokens,
  recompute,
  swiglu,
  type Feeds,
  type Tensor,
  type Tracer,
} from "@turnwise/graph";
import { adapterScale, adapterTable, loraNames, type AdapterConfig } from "./lora.ts";
import type { ModelConfig } from "./model-config.ts";
import { parameterTable } from "./parameters.ts";
import { rotaryFrequencies, rotaryMagnitude } from "./rope-scaling.ts";

/** A model inside a traced program: its config, and its parameters as inputs. */
export interface TracedModel {
  readonly g: Tracer;
  readonly config: ModelConfig;
  /** The input that holds a parameter, declared when it is first asked for. */
  readonly parameter: (name: string) => Tensor;
  /** A linear layer by its name, with the bias and the adapter that it may have. */
  readonly linear: (name: string, x: Tensor) => Tensor;
  /** Rotary tables by position, `[maxSequenceTokens, headSize / 2]`; inputs `cos` and `sin`. */
  readonly rotary: () => { readonly cos: Tensor; readonly sin: Tensor };
}

/** What attention reads in one layer, `[batch, time, heads, headSize]` each. */
export interface LayerHeads {
  readonly query: Tensor;
  readonly key: Tensor;
  readonly value: Tensor;
}

/**
 * Puts a model into a program. Only parameters that are used become inputs.
 * @param adapter - Computed beside the layers that it targets; its matrices are inputs as well.
 */
export function traceModel(g: Tracer, config: ModelConfig, adapter?: AdapterConfig): TracedModel {
  const table = [...parameterTable(config), ...(adapter ? adapterTable(config, adapter) : [])];
  const shapes = new Map(table.map(({ name, shape }) => [name, shape]));
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
    const low = g.multiply(g.linear(x, parameter(a)), adapterScale(adapter));
    return g.add(whole, g.linear(low, parameter(b)));
  };
  const rotary = (name: string): Tensor =>
    g.inputs[name] ?? g.input(name, "float32", [config.maxSequenceTokens, config.headSize / 2]);
  return {
    g,
    config,
    parameter,
    linear,
    rotary: () => ({ cos: rotary("cos"), sin: rotary("sin") }),
  };
}

/** The rotary tables of a model, as inputs of its programs. */
export function rotaryFeeds(config: ModelConfig): Feeds {
  const { maxSequenceTokens, headSize } = config;
  const half = headSize / 2;
  const cos = new Float32Array(maxSequenceTokens * half);
  const sin = new Float32Array(maxSequenceTokens * half);
  const frequencies = rotaryFrequencies(config);
  const magnitude = rotaryMagnitude(config);
  for (let position = 0; position < maxSequenceTokens; position++) {
    for (let i = 0; i < half; i++) {
      // Rounded as PyTorch rounds it: at position 30000 that is seen in the angle.
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

/** The queries, keys and values of a layer, at positions int32 `[batch, time]`. */
export function layerHeads(
  { g, config, parameter, linear, rotary }: TracedModel,
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
  const turn = (part: "q" | "k", heads: number): Tensor => {
    const projected = project(part, heads);
    const scaled =
      config.modelType === "qwen3"
        ? g.rmsNorm(
            projected,
            parameter(`${prefix}.self_attn.${part}_norm.weight`),
            config.normEpsilon,
          )
        : projected;
    return g.rope(scaled, cos, sin, positions);
  };
  return {
    query: turn("q", config.numHeads),
    key: turn("k", config.numKeyValueHeads),
    value: project("v", config.numKeyValueHeads),
  };
}

/**
 * The rest of a layer: what attention found goes into the residual stream, then the gated unit.
 * @param x - The residual stream, `[..., hiddenSize]`.
 * @param attended - `[..., numHeads * headSize]`.
 */
export function layerRest(
  { g, config, parameter, linear }: TracedModel,
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

/** The final norm. */
export function finalNorm({ g, config, parameter }: TracedModel, x: Tensor): Tensor {
  return g.rmsNorm(x, parameter("model.norm.weight"), config.normEpsilon);
}

/** The output matrix, `[vocabularySize, hiddenSize]`. */
export function headWeight({ config, parameter }: TracedModel): Tensor {
  return parameter(config.tiedEmbeddings ? "model.embed_tokens.weight" : "lm_head.weight");
}

/**
 * The last hidden states of tokens in a forest, whose layout is fed (see graph's `layoutForest`).
 * @param tokens - int32 `[node]`.
 * @param wanted - Which of them are wanted, int32 `[n]`, each once. What the last layer does behind its
 *   attention is computed there only.
 * @param options - With `recomputeLayers` each layer is computed once more for its gradient.
 * @returns `[n, hiddenSize]`, after the final norm.
 */
export function forwardForest(
  model: TracedModel,
  tokens: Tensor,
  wanted: Tensor,
  { recomputeLayers = false }: { readonly recomputeLayers?: boolean } = {},
): Tensor {
  const { g, config } = model;
  const positions = g.reshape(forestDepths(g), [1, forestTokens]);
  const width = config.numHeads * config.headSize;
  const pick = (x: Tensor): Tensor => g.gather(x, wanted, { uniqueIds: true });
  const layerOf =
    (layer: number) =>
    (x: Tensor): Tensor => {
      const row = g.reshape(x, [1, forestTokens, config.hiddenSize]);
      const { query, key, value } = layerHeads(model, layer, row, positions);
      const flat = (part: Tensor): Tensor => g.reshape(part, part.shape.slice(1));
      const attended = g.reshape(
        forestAttention(g, { query: flat(query), key: flat(key), value: flat(value) }),
        [forestTokens, width],
      );
      const isLast = layer === config.numLayers - 1;
      return isLast
        ? layerRest(model, layer, pick(x), pick(attended))
        : layerRest(model, layer, x, attended);
    };
  let x = embed(model, tokens);
  for (let layer = 0; layer < config.numLayers; layer++) {
    x = recomputeLayers ? recompute(g, x, layerOf(layer)) : layerOf(layer)(x);
  }
  return finalNorm(model, x);
}
