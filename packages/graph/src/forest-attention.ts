import { multiplyDimensions, type Dimension } from "./dimension.ts";
import { paddedColumns, excludedScore, appendColumn, appendOnes } from "./attention.ts";
import { forestParts } from "./forest-layout.ts";
import { showShape, type Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/** Inputs of attention in a forest. */
export interface ForestInputs {
  /** Queries, `[token, heads, size]`. */
  readonly query: Tensor;
  /**
   * `[token, keyHeads, size]`; `keyHeads` divides `heads`, so that every key head has the same
   * number of query heads.
   */
  readonly key: Tensor;
  /** Values, of the same shape as `key`. */
  readonly value: Tensor;
}

/** Options of {@link forestAttention}. */
export interface ForestOptions {
  /** Factor of the scores. Default `1 / sqrt(size)`. */
  readonly scale?: number;
}

/** Name of the size that is the number of tokens in a forest. */
export const forestTokens = "node";

/** Returns an input of the forest's layout; declares it on first use. */
function input(g: Tracer, name: string, shape: readonly Dimension[]): Tensor {
  return g.inputs[`forest/${name}`] ?? g.input(`forest/${name}`, "int32", shape);
}

/** Depth of each token in its tree, int32 `[token]`; an input of the program. */
export function forestDepths(g: Tracer): Tensor {
  return input(g, "depths", [forestTokens]);
}

/**
 * Gathers rows of a table `[keyHeads, rows, size]`: ids `[...ids]`, result
 * `[keyHeads, ...ids, size]`.
 */
function gatherHeads(g: Tracer, table: Tensor, ids: Tensor): Tensor {
  const [keyHeads, rows, size] = [table.shape[0]!, table.shape[1]!, table.shape[2]!];
  const offsets = g.reshape(g.multiply(g.iota(keyHeads), g.size(rows)), [
    keyHeads,
    ...ids.shape.map(() => 1),
  ]);
  const flat = g.reshape(table, [multiplyDimensions(keyHeads, rows), size]);
  return g.gather(flat, g.add(g.reshape(ids, [1, ...ids.shape]), offsets));
}

/** `[token, keyHeads*group, size] -> [keyHeads, token, group*size]`. */
function splitHeads(g: Tracer, x: Tensor, keyHeads: number): Tensor {
  const [tokens, heads, size] = x.shape;
  const width = (Number(heads) / keyHeads) * Number(size);
  return g.transpose(g.reshape(x, [tokens!, keyHeads, width]), [1, 0, 2]);
}

/** Inverse of {@link splitHeads}. */
function joinHeads(g: Tracer, x: Tensor, like: Tensor): Tensor {
  return g.reshape(g.transpose(x, [1, 0, 2]), like.shape);
}

function checkInputs({ query, key, value }: ForestInputs): void {
  const [heads, keyHeads] = [query.shape[1], key.shape[1]];
  const isMatched =
    query.shape.length === 3 &&
    key.shape.length === 3 &&
    typeof heads === "number" &&
    typeof keyHeads === "number" &&
    heads % keyHeads === 0 &&
    typeof query.shape[2] === "number" &&
    query.shape[2] === key.shape[2] &&
    [query, key, value].every((x) => x.shape[0] === forestTokens) &&
    showShape(key.shape) === showShape(value.shape);
  if (isMatched) return;
  throw new RangeError(
    `forestAttention: query must be [token, heads, size], key and value [token, keyHeads, size], got shapes ${[query, key, value].map(({ shape }) => showShape(shape)).join(", ")}`,
  );
}

/**
 * Scaled dot-product attention with grouped heads in a forest: each token attends to itself and its
 * ancestors. Sequences with a common prefix share the tokens of the prefix, and the gradients of
 * all continuations are summed there. Query head `h` reads key head `floor(h * keyHeads / heads)`.
 *
 * The structure of the forest is an input, see `layoutForest`; all attention in a program uses the
 * same forest. Sums are computed by gathering instead of scattering, so results do not depend on
 * the order of threads.
 *
 * @returns `[token, heads, size]`.
 * @throws `RangeError` for shapes that do not fit.
 */
export function forestAttention(
  g: Tracer,
  inputs: ForestInputs,
  options: ForestOptions = {},
): Tensor {
  checkInputs(inputs);
  const { query, key, value } = inputs;
  const size = Number(query.shape[2]);
  const keyHeads = Number(key.shape[1]);
  const group = Number(query.shape[1]) / keyHeads;
  const scale = options.scale ?? 1 / Math.sqrt(size);
  const tables = {
    q: splitHeads(g, query, keyHeads),
    k: splitHeads(g, key, keyHeads),
    v: splitHeads(g, value, keyHeads),
  };
  const depths = forestDepths(g);
  const parts = Array.from({ length: forestParts.tiles }, (_, part) => {
    const [tiles, keys] = [`tiles${part}`, `keys${part}`];
    const queryIds = input(g, `queries${part}`, [tiles, "slots"]);
    const keyIds = input(g, `keys${part}`, [tiles, keys]);
    const rows = multiplyDimensions("slots", group);
    const stack = (x: Tensor): Tensor =>
      g.reshape(x, [keyHeads, tiles, rows, Number(x.shape.at(-1)) / group]);
    const q = stack(gatherHeads(g, tables.q, queryIds));
    const k = gatherHeads(g, tables.k, keyIds);
    const v = gatherHeads(g, tables.v, keyIds);
    const seen = g.reshape(g.gather(depths, queryIds), [tiles, "slots", 1]);
    const lastSeen = g.reshape(g.expand(seen, [tiles, "slots", group]), [tiles, rows, 1]);
    const mask = g.where(g.greater(g.iota(keys), lastSeen), excludedScore, 0);
    const scores = g.add(g.matmul(q, k, { transposeB: true, scale }), mask);
    const weights = g.softmax(scores);
    const slots = multiplyDimensions(tiles, "slots");
    const result = g.reshape(g.matmul(weights, v), [keyHeads, slots, group * size]);
    return { part, tiles, keys, slots, keyIds, stack, q, k, weights, result };
  });
  const places = input(g, "places", [forestTokens]);
  const inPlaces = (results: readonly Tensor[]): Tensor =>
    gatherHeads(g, g.concat(results, 1), places);
  const found = inPlaces(parts.map(({ result }) => result));

  const output = joinHeads(g, found, query);
  return g.withGradient([output], [query, key, value], ([cotangent]) => {
    // As in `attention`: the backward pass of softmax is P * (dP - sum(dP * P)), and the sum equals
    // sum(c * result). One extra column in c and v makes the product that computes dP subtract it.
    const perHead = [keyHeads, forestTokens, group, size];
    const c = g.reshape(splitHeads(g, cotangent!, keyHeads), perHead);
    const mean = g.reduceSum(g.multiply(c, g.reshape(found, perHead)), {
      axes: [-1],
      keepDims: true,
    });
    const width = group * paddedColumns(size);
    const cAndMean = g.reshape(appendColumn(g, c, g.negate(mean)), [keyHeads, forestTokens, width]);
    // Slots without a query get a gradient of 0.
    const none = g.expand(g.constant(0), [keyHeads, 1, width]);
    const cTable = g.concat([cAndMean, none], 1);
    const vTable = appendOnes(g, tables.v);
    const shares = parts.map(({ part, tiles, keys, slots, keyIds, stack, q, k, weights }) => {
      const origins = input(g, `origins${part}`, [tiles, "slots"]);
      const cTile = stack(gatherHeads(g, cTable, origins));
      const vTile = gatherHeads(g, vTable, keyIds);
      const dScores = g.multiply(weights, g.matmul(cTile, vTile, { transposeB: true }));
      const flat = (x: Tensor): Tensor =>
        g.reshape(x, [keyHeads, multiplyDimensions(tiles, keys), size]);
      return {
        dQuery: g.reshape(g.matmul(dScores, k, { scale }), [keyHeads, slots, group * size]),
        dKey: flat(g.matmul(dScores, q, { transposeA: true, scale })),
        dValue: flat(g.matmul(weights, g.slice(cTile, 3, 0, size), { transposeA: true })),
      };
    });
    return [
      joinHeads(g, inPlaces(shares.map(({ dQuery }) => dQuery)), query),
      joinHeads(
        g,
        sumReaders(
          g,
          shares.map(({ dKey }) => dKey),
        ),
        key,
      ),
      joinHeads(
        g,
        sumReaders(
          g,
          shares.map(({ dValue }) => dValue),
        ),
        value,
      ),
    ];
  })[0]!;
}

/** Sums the gradients that tiles computed for each token: parts `[keyHeads, reads, size]`. */
function sumReaders(g: Tracer, parts: readonly Tensor[]): Tensor {
  const [keyHeads, , size] = parts[0]!.shape;
  const none = g.expand(g.constant(0), [keyHeads!, 1, size!]);
  const table = g.concat([...parts, none], 1);
  const sums = Array.from({ length: forestParts.sums }, (_, part) => {
    const terms = input(g, `terms${part}`, [`sums${part}`, `terms${part}`]);
    return g.reduceSum(gatherHeads(g, table, terms), { axes: [2] });
  });
  return gatherHeads(g, g.concat(sums, 1), input(g, "sums", [forestTokens]));
}
