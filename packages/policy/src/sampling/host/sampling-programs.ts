import type { LayerHeads } from "../../model/shape/traced-parameters.ts";
import { trace, type Program, type Tensor } from "@turnwise/graph";
import type { ModelConfig } from "../../model/model-config.ts";
import type { ParameterLayout } from "../../model/parameter-layout.ts";
import { headWeight, traceModel } from "../../model/transformer.ts";

/**
 * Outputs before attention: the residual stream, queries, keys and values, all `[position, ...]`.
 */
type HeadsOutput = "x" | "query" | "key" | "value";

/**
 * Programs of a model; between them the sampler computes attention over its cache. Positions of all
 * sequences in a step are consecutive rows.
 */
export interface SamplingPrograms {
  /**
   * Inputs `x` (embeddings, `[n, 1, hiddenSize]`) and `positions`, int32 `[n, 1]`; outputs queries,
   * keys and values of layer 0.
   */
  readonly first: Program<"query" | "key" | "value">;
  /**
   * For each layer except the last: inputs `x`, `attended`, `positions`; outputs residual stream,
   * queries, keys and values of the next layer.
   */
  readonly middle: readonly Program<HeadsOutput>[];
  /**
   * The last layer and the final norm, at selected positions: inputs `x`, `rows` (int32 `[m]`, the
   * positions), `attended` `[m, heads * headSize]`. The output is `logits` `[m, vocabularySize]` if
   * the head is a single part, and `hidden` `[m, hiddenSize]` otherwise.
   */
  readonly last: Program;
  /**
   * Parts of a large head: inputs `hidden` and `weight` (the rows of the part); output `logits` of
   * the part's `numTokens` tokens. Empty if `last` computes the logits.
   */
  readonly head: readonly HeadPart[];
}

/** Part of the head, for tokens with consecutive ids. */
export interface HeadPart {
  readonly program: Program<"logits">;
  readonly firstToken: number;
  readonly numTokens: number;
}

/**
 * Maximum number of entries of a matrix in one program, 128 MiB. Protobuf limits a message to 2
 * GiB, and the output of a program briefly exists twice.
 */
const maxPartEntries = 2 ** 25;

/** Splits the head into parts that are small enough for one program each. */
function splitHead({ vocabularySize, hiddenSize }: ModelConfig, maxEntries: number): HeadPart[] {
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

/**
 * Traces a row lookup in a memory-mapped `table`: input `ids` int32 `[n]`, output `x`
 * `[n, hiddenSize]`.
 */
export function traceEmbedding({ vocabularySize, hiddenSize }: ModelConfig): Program<"x"> {
  return trace((g) => {
    const table = g.input("table", "float32", [vocabularySize, hiddenSize]);
    return { x: g.gather(table, g.input("ids", "int32", ["n"])) };
  });
}

/** Options of {@link traceSampling}. */
export interface SamplingProgramOptions {
  /** Maximum number of head entries in one program. Default 2^25. */
  readonly maxEntries?: number;
}

/** Traces the programs of a model with its adapter. */
export function traceSampling(
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
  const head = splitHead(config, maxEntries);
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
