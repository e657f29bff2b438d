import { trace, type Program, type Tensor, type Tracer } from "@turnwise/graph";
import type { ModelConfig } from "../../model/model-config.ts";
import type { ParameterLayout } from "../../model/parameter-layout.ts";
import { pagePositions } from "../runner/page-table.ts";
import { traceDraw, traceScore } from "./trace-draw.ts";
import { embed, headWeight, traceModel } from "../../model/transformer.ts";

/** Result of a step for the selected tokens. */
export type StepResult = "draws" | "filteredDraws" | "logits" | "scores";

/** Variant of a program that computes complete steps. */
export interface StepForm {
  /** True for several new tokens per sequence, in tiles; false for one new token per sequence. */
  readonly isTiled: boolean;
  readonly result: StepResult;
}

/** Score of masked keys: their weight becomes 0 in float32, and the number is finite. */
const excludedScore = -1e30;

/** Names of the tables, as inputs and outputs of all programs. */
export function tableNames({ numLayers }: ModelConfig): readonly string[] {
  return Array.from({ length: numLayers }, (_, layer) => [
    `keys.${layer}`,
    `values.${layer}`,
  ]).flat();
}

function tableInput(g: Tracer, name: string, { headSize }: ModelConfig): Tensor {
  return g.inputs[name] ?? g.input(name, "float32", ["capacity", headSize]);
}

/**
 * Traces a complete step of a model, from tokens to drawn tokens, with keys and values in tables
 * `[page * keyHead * position, headSize]`, two per layer. The tables are inputs; the outputs of the
 * same names contain the new rows.
 *
 * Inputs, int32 unless noted: `tokens`, `positions` and `slots` `[n]`, where a slot is the table
 * row for the first head; `pages`, the pages of each sequence's or tile's context, in order of
 * positions. Without tiles
 * `pages` is `[n, p]`, and every token has an output. With tiles it is `[r, p]`; `tiles` `[r, t]`
 * are the query tokens of each tile, `queryIndices` `[n]` the index of each token among all
 * queries, and `outputTokens` `[m]` the tokens that have an output.
 *
 * The result is one of: `drawn`, from inputs float32 `scales` and `uniforms` (and `minPs` and int32
 * `banned`; see `traceDraw`); `logits`; or `scores`, for input `targets`.
 */
export function traceStep(layout: ParameterLayout, { isTiled, result }: StepForm): Program {
  const { config } = layout;
  const { numHeads, numKeyValueHeads, headSize, hiddenSize, numLayers } = config;
  const group = numHeads / numKeyValueHeads;
  const width = numHeads * headSize;
  return trace<string>((g) => {
    const model = traceModel(g, layout);
    const tokens = g.input("tokens", "int32", ["n"]);
    const positions = g.input("positions", "int32", ["n"]);
    const slots = g.input("slots", "int32", ["n"]);
    const batch = isTiled ? "r" : "n";
    const time = isTiled ? "t" : 1;
    const pages = g.input("pages", "int32", [batch, "p"]);
    const tiles = isTiled ? g.input("tiles", "int32", ["r", "t"]) : undefined;
    const queryIndices = isTiled ? g.input("queryIndices", "int32", ["n"]) : undefined;
    const outputTokens = isTiled ? g.input("outputTokens", "int32", ["m"]) : undefined;

    const heads = g.multiply(g.iota(numKeyValueHeads), pagePositions);
    const written = g.add(g.reshape(slots, ["n", 1]), heads);
    const keys = `${pagePositions}*p`;
    const context = contextRows(g, pages, numKeyValueHeads);
    const queryPositions = tiles ? g.gather(positions, tiles) : positions;
    const isAhead = g.greater(g.iota(keys), g.reshape(queryPositions, [batch, time, 1, 1]));
    const perHead = g.expand(g.where(isAhead, excludedScore, 0), [batch, time, group, keys]);
    const stacked = `${group}*(${time})`;
    const bias = g.reshape(perHead, [batch, 1, stacked, keys]);

    const attend = (layer: number, parts: Readonly<Record<"query" | "key" | "value", Tensor>>) => {
      const update = (name: string, rows: Tensor): Tensor => {
        const table = tableInput(g, name, config);
        const shape = ["n", numKeyValueHeads, headSize];
        return g.replaceRows(table, g.reshape(rows, shape), written);
      };
      const keyTable = update(`keys.${layer}`, parts.key);
      const valueTable = update(`values.${layer}`, parts.value);
      const rows = [batch, numKeyValueHeads, stacked, headSize];
      const split = [batch, time, numKeyValueHeads, group, headSize];
      const flat = g.reshape(parts.query, ["n", width]);
      const query = tiles
        ? g.reshape(g.transpose(g.reshape(g.gather(flat, tiles), split), [0, 2, 1, 3, 4]), rows)
        : g.reshape(flat, rows);
      const scale = 1 / Math.sqrt(headSize);
      const scores = g.matmul(query, g.gather(keyTable, context), { transposeB: true, scale });
      const weights = g.softmax(g.add(scores, bias));
      const mixed = g.matmul(weights, g.gather(valueTable, context));
      if (!queryIndices) return { keyTable, valueTable, attended: g.reshape(mixed, ["n", width]) };
      const unstacked = g.reshape(mixed, [batch, numKeyValueHeads, time, group, headSize]);
      const all = g.reshape(g.transpose(unstacked, [0, 2, 1, 3, 4]), ["r*t", width]);
      return { keyTable, valueTable, attended: g.gather(all, queryIndices) };
    };

    const outputs: Record<string, Tensor> = {};
    let x = g.reshape(embed(model, tokens), ["n", 1, hiddenSize]);
    for (let layer = 0; layer < numLayers; layer++) {
      const parts = model.layers.layerHeads(model, layer, x, g.reshape(positions, ["n", 1]));
      const { keyTable, valueTable, attended } = attend(layer, parts);
      outputs[`keys.${layer}`] = keyTable;
      outputs[`values.${layer}`] = valueTable;
      const isLast = layer === numLayers - 1;
      const pick = (rows: Tensor): Tensor =>
        isLast && outputTokens ? g.gather(rows, outputTokens) : rows;
      const rest = model.layers.layerRest(
        model,
        layer,
        pick(g.reshape(x, ["n", hiddenSize])),
        pick(attended),
      );
      x = isLast ? rest : g.reshape(rest, ["n", 1, hiddenSize]);
    }
    const logits = g.linear(model.layers.finalNorm(model, x), headWeight(model));
    const rows = [outputTokens ? "m" : "n"];
    if (result === "logits") return { ...outputs, logits };
    if (result === "scores") {
      const targets = g.input("targets", "int32", rows);
      return { ...outputs, scores: traceScore(g, logits, targets) };
    }
    const scales = g.input("scales", "float32", rows);
    const uniforms = g.input("uniforms", "float32", rows);
    if (result === "draws")
      return { ...outputs, drawn: traceDraw(g, { logits, scales, uniforms }) };
    const minPs = g.input("minPs", "float32", rows);
    const banned = g.input("banned", "int32", ["b"]);
    const filters = { minPs, banned };
    return { ...outputs, drawn: traceDraw(g, { logits, scales, uniforms, filters }) };
  });
}

/** Indices of the table rows in the pages of a context, `[batch, keyHeads, pages * position]`. */
function contextRows(g: Tracer, pages: Tensor, keyHeads: number): Tensor {
  const [batch, count] = [pages.shape[0]!, pages.shape[1]!];
  const starts = g.multiply(g.reshape(pages, [batch, 1, count, 1]), keyHeads * pagePositions);
  const heads = g.reshape(g.multiply(g.iota(keyHeads), pagePositions), [1, keyHeads, 1, 1]);
  const rows = g.add(g.add(starts, heads), g.iota(pagePositions));
  return g.reshape(rows, [batch, keyHeads, `${pagePositions}*(${count})`]);
}

/**
 * Traces the copy of pages in all tables; `from` and `to` are int32 `[c]`. All pages are read
 * before any page is written.
 */
export function tracePageCopy(config: ModelConfig): Program {
  const pageRows = config.numKeyValueHeads * pagePositions;
  return trace((g) => {
    const rowsOf = (name: string): Tensor => {
      const starts = g.multiply(g.input(name, "int32", ["c"]), pageRows);
      return g.add(g.reshape(starts, ["c", 1]), g.iota(pageRows));
    };
    const [from, to] = [rowsOf("from"), rowsOf("to")];
    const copyPages = (name: string): Tensor => {
      const table = tableInput(g, name, config);
      return g.replaceRows(table, g.gather(table, from), to);
    };
    return Object.fromEntries(tableNames(config).map((name) => [name, copyPages(name)]));
  });
}

/**
 * Traces the extension of a table by zero rows; their number is the length of input `added`, int32.
 */
export function traceGrowth({ headSize }: ModelConfig): Program<"grown"> {
  return trace((g) => {
    const table = g.input("table", "float32", ["capacity", headSize]);
    g.input("added", "int32", ["added"]);
    return { grown: g.concat([table, g.expand(g.constant(0), ["added", headSize])], 0) };
  });
}
