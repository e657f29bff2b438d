import { trace, type Program } from "@turnwise/graph";
import type { ModelConfig } from "../model-config.ts";
import {
  embed,
  finalNorm,
  headWeight,
  layerHeads,
  layerRest,
  traceModel,
  type LayerHeads,
} from "./transformer.ts";

/** What a program hands to attention, all `[position, ...]`. */
type HeadsOutput = "x" | "query" | "key" | "value";

/**
 * The programs between which a sampler computes attention over its cache. Positions of all sequences
 * of a step stand one after the other, each as a row of its own.
 */
export interface SamplingPrograms {
  /** Inputs `tokens` and `positions`, int32 `[n, 1]`; the embedding and the heads of layer 0. */
  readonly first: Program<HeadsOutput>;
  /** For each layer but the last: inputs `x`, `attended`, `positions`; the heads of the next layer. */
  readonly middle: readonly Program<HeadsOutput>[];
  /**
   * The last layer and the head, at some positions only: inputs `x`, `rows` (int32 `[m]`, which
   * positions), `attended` `[m, heads * headSize]`; the output `logits` is `[m, vocabularySize]`.
   */
  readonly last: Program<"logits">;
}

/** Traces the programs of a model. */
export function samplingPrograms(config: ModelConfig): SamplingPrograms {
  const { hiddenSize, numHeads, numLayers, headSize } = config;
  const width = numHeads * headSize;
  const first = trace((g) => {
    const model = traceModel(g, config);
    const tokens = g.input("tokens", "int32", ["n", 1]);
    const positions = g.input("positions", "int32", ["n", 1]);
    const x = embed(model, tokens);
    return { x, ...layerHeads(model, 0, x, positions) };
  });
  const middle = Array.from({ length: numLayers - 1 }, (_, layer) =>
    trace((g): LayerHeads & { x: LayerHeads["query"] } => {
      const model = traceModel(g, config);
      const before = g.input("x", "float32", ["n", 1, hiddenSize]);
      const attended = g.input("attended", "float32", ["n", 1, width]);
      const positions = g.input("positions", "int32", ["n", 1]);
      const x = layerRest(model, layer, before, attended);
      return { x, ...layerHeads(model, layer + 1, x, positions) };
    }),
  );
  const last = trace((g) => {
    const model = traceModel(g, config);
    const all = g.reshape(g.input("x", "float32", ["n", 1, hiddenSize]), ["n", hiddenSize]);
    const rows = g.input("rows", "int32", ["m"]);
    const attended = g.input("attended", "float32", ["m", width]);
    const x = layerRest(model, numLayers - 1, g.gather(all, rows), attended);
    return { logits: g.linear(finalNorm(model, x), headWeight(model)) };
  });
  return { first, middle, last };
}
