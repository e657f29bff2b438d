import type { LayerHeads } from "../../model/shape/traced-parameters.ts";
import { trace, type Program, type Tensor } from "@turnwise/graph";
import type { ModelConfig } from "../../model/model-config.ts";
import type { ParameterLayout } from "../../model/parameter-layout.ts";
import { headWeight, traceModel } from "../../model/transformer.ts";

/** What a program hands to attention, all `[position, ...]`. */
type HeadsOutput = "x" | "query" | "key" | "value";

/**
 * The programs between which a sampler computes attention over its cache. Positions of all sequences
 * of a step stand one after the other, each as a row of its own.
 */
export interface SamplingPrograms {
  /** Inputs `x` (embeddings, `[n, 1, hiddenSize]`) and `positions`, int32 `[n, 1]`; the heads of layer 0. */
  readonly first: Program<"query" | "key" | "value">;
  /** For each layer but the last: inputs `x`, `attended`, `positions`; the heads of the next layer. */
  readonly middle: readonly Program<HeadsOutput>[];
  /**
   * The last layer and the final norm, at some positions only: inputs `x`, `rows` (int32 `[m]`, which
   * positions), `attended` `[m, heads * headSize]`. The output is `logits` `[m, vocabularySize]` where
   * the head is one part, and `hidden` `[m, hiddenSize]` otherwise.
   */
  readonly last: Program;
  /**
   * The parts of a large head: input `hidden`, output `logits` of `numTokens` tokens, and as `weight`
   * the input for these rows of the head. Empty where `last` computes the logits.
   */
  readonly head: readonly HeadPart[];
}

/** One part of the head: logits of tokens with consecutive ids. */
export interface HeadPart {
  readonly program: Program<"logits">;
  readonly firstToken: number;
  readonly numTokens: number;
}

/**
 * Entries of a matrix that one program may hold, 128 MiB of them. A message of protobuf is limited to
 * 2 GiB, and what a program returns exists twice for a moment.
 */
const maxPartEntries = 2 ** 25;

/** The parts of a head that one program cannot hold. */
function headParts({ vocabularySize, hiddenSize }: ModelConfig, maxEntries: number): HeadPart[] {
  const numParts = Math.ceil((vocabularySize * hiddenSize) / maxEntries);
  if (numParts === 1) return [];
  const most = Math.ceil(vocabularySize / numParts);
  return Array.from({ length: Math.ceil(vocabularySize / most) }, (_, part) => {
    const firstToken = part * most;
    const numTokens = Math.min(most, vocabularySize - firstToken);
    const program = trace((g) => {
      const hidden = g.input("hidden", "float32", ["m", hiddenSize]);
      return { logits: g.linear(hidden, g.input("weight", "float32", [numTokens, hiddenSize])) };
    });
    return { program, firstToken, numTokens };
  });
}

/** Rows of a `table` that stays where it is: input `ids` int32 `[n]`, output `x` `[n, hiddenSize]`. */
export function embeddingProgram({ vocabularySize, hiddenSize }: ModelConfig): Program<"x"> {
  return trace((g) => {
    const table = g.input("table", "float32", [vocabularySize, hiddenSize]);
    return { x: g.gather(table, g.input("ids", "int32", ["n"])) };
  });
}

/** Options of {@link samplingPrograms}. */
export interface SamplingProgramOptions {
  /** Entries of the head that one program holds at most. Default 2^25. */
  readonly maxEntries?: number;
}

/** Traces the programs of a model, with its adapter. */
export function samplingPrograms(
  layout: ParameterLayout,
  { maxEntries = maxPartEntries }: SamplingProgramOptions = {},
): SamplingPrograms {
  const { config } = layout;
  const { hiddenSize, numHeads, numLayers, headSize } = config;
  const width = numHeads * headSize;
  const first = trace((g) => {
    const model = traceModel(g, layout);
    const x = g.input("x", "float32", ["n", 1, hiddenSize]);
    const { query, key, value } = model.layers.layerHeads(
      model,
      0,
      x,
      g.input("positions", "int32", ["n", 1]),
    );
    return { query, key, value };
  });
  const middle = Array.from({ length: numLayers - 1 }, (_, layer) =>
    trace((g): LayerHeads & { x: LayerHeads["query"] } => {
      const model = traceModel(g, layout);
      const before = g.input("x", "float32", ["n", 1, hiddenSize]);
      const attended = g.input("attended", "float32", ["n", 1, width]);
      const positions = g.input("positions", "int32", ["n", 1]);
      const x = model.layers.layerRest(model, layer, before, attended);
      return { x, ...model.layers.layerHeads(model, layer + 1, x, positions) };
    }),
  );
  const head = headParts(config, maxEntries);
  const last: Program = trace((g) => {
    const model = traceModel(g, layout);
    const all = g.reshape(g.input("x", "float32", ["n", 1, hiddenSize]), ["n", hiddenSize]);
    const rows = g.input("rows", "int32", ["m"]);
    const attended = g.input("attended", "float32", ["m", width]);
    const x = model.layers.layerRest(model, numLayers - 1, g.gather(all, rows), attended);
    const hidden = model.layers.finalNorm(model, x);
    const outputs: Record<string, Tensor> =
      head.length > 0 ? { hidden } : { logits: g.linear(hidden, headWeight(model)) };
    return outputs;
  });
  return { first, middle, last, head };
}
