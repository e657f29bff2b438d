import { checkInteger } from "@turnwise/core";
import {
  addDimensions,
  floorDivideDimension,
  multiplyDimensions,
  subtractDimensions,
  type Dimension,
} from "./dimension.ts";
import { showShape, type Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/** Inputs of attention. */
export interface AttentionInputs {
  /** Queries, `[batch, time, heads, size]`. */
  readonly query: Tensor;
  /**
   * `[batch, keys, keyHeads, size]`; `keyHeads` divides `heads`, so that every key head has the
   * same number of query heads.
   */
  readonly key: Tensor;
  /** Values, of the same shape as `key`. */
  readonly value: Tensor;
}

/** Options of {@link attention}. */
export interface AttentionOptions {
  /** Query `t` attends only to the keys up to `t`; requires as many keys as queries. */
  readonly causal?: boolean;
  /**
   * Number of query blocks for causal attention. Each block reads only the keys that are visible to
   * at least one of its queries, which saves up to half of the work for long sequences. The results
   * differ only by rounding. Default 4.
   */
  readonly blocks?: number;
  /**
   * Bias added to the scores, `[time, keys]` or `[batch, time, keys]`; sizes of 1 broadcast. The
   * keys of `past` come first. See `causalBias`.
   */
  readonly bias?: Tensor;
  /** Factor of the scores. Default `1 / sqrt(size)`. */
  readonly scale?: number;
  /** Keys and values of earlier tokens, each `[batch, keyHeads, pastKeys, size]`. */
  readonly past?: { readonly key: Tensor; readonly value: Tensor };
}

/** Bias of masked keys: finite, but so low that their weight becomes 0 in float32. */
export const excludedScore = -1e30;

/**
 * Converts to the layout of the matrix products:
 * `[batch, time, keyHeads*group, size] -> [batch, keyHeads, time*group, size]`, so that all queries
 * of a key head are rows of one matrix.
 */
function stackHeads(g: Tracer, x: Tensor, keyHeads: number): Tensor {
  const [batch, time, heads, size] = x.shape;
  const group = Number(heads) / keyHeads;
  const split = g.reshape(x, [batch!, time!, keyHeads, group, size!]);
  const moved = g.transpose(split, [0, 2, 1, 3, 4]);
  return g.reshape(moved, [batch!, keyHeads, multiplyDimensions(group, time!), size!]);
}

/** Inverse of {@link stackHeads}. */
function unstackHeads(g: Tracer, x: Tensor, like: Tensor): Tensor {
  const [batch, time, heads, size] = like.shape;
  const keyHeads = Number(x.shape[1]);
  const split = g.reshape(x, [batch!, keyHeads, time!, Number(heads) / keyHeads, size!]);
  return g.reshape(g.transpose(split, [0, 2, 1, 3, 4]), like.shape);
}

/** Bias with one row per stacked query: `[batch or 1, 1, time*group, keys]`. */
function stackBias(
  g: Tracer,
  bias: Tensor,
  time: Dimension,
  group: number,
  keys: Dimension,
): Tensor {
  const ahead = bias.shape.length === 3 ? bias.shape[0]! : 1;
  const split = g.reshape(bias, [ahead, 1, bias.shape.at(-2)!, 1, bias.shape.at(-1)!]);
  const spread = g.expand(split, [ahead, 1, time, group, keys]);
  return g.reshape(spread, [ahead, 1, multiplyDimensions(time, group), keys]);
}

/** Stacked queries `rowStart` to `rowEnd - 1`, which attend to the keys before `keyEnd`. */
interface Block {
  readonly rowStart: Dimension;
  readonly rowEnd: Dimension;
  readonly keyEnd: Dimension;
}

/**
 * Splits queries into blocks of `floor(time / count)` with the remainder in the last; all but the
 * last may be empty.
 */
function causalBlocks(time: Dimension, group: number, count: number): readonly Block[] {
  const size = floorDivideDimension(time, count);
  return Array.from({ length: count }, (_, i) => {
    const start = multiplyDimensions(size, i);
    const keyEnd = i === count - 1 ? time : multiplyDimensions(size, i + 1);
    return {
      rowStart: multiplyDimensions(group, start),
      rowEnd: multiplyDimensions(group, keyEnd),
      keyEnd,
    };
  });
}

/** Bias that masks later tokens for the rows of a block, `[rows, keys]`. */
function causalMask(g: Tracer, { rowStart, rowEnd, keyEnd }: Block, group: number): Tensor {
  const length = subtractDimensions(rowEnd, rowStart);
  const rows = g.divide(g.add(g.iota(length), g.size(rowStart)), group);
  const isAhead = g.greater(g.iota(keyEnd), g.reshape(rows, [length, 1]));
  return g.where(isAhead, excludedScore, 0);
}

function checkAttention(
  { query, key, value }: AttentionInputs,
  { bias, causal, past }: AttentionOptions,
): void {
  const [heads, keyHeads] = [query.shape[2], key.shape[2]];
  const isMatched =
    query.shape.length === 4 &&
    key.shape.length === 4 &&
    typeof heads === "number" &&
    typeof keyHeads === "number" &&
    heads % keyHeads === 0 &&
    typeof query.shape[3] === "number" &&
    (bias === undefined || bias.shape.length === 2 || bias.shape.length === 3);
  if (!isMatched) {
    const shapes = [query, key, value, ...(bias ? [bias] : [])].map(({ shape }) => shape);
    throw new RangeError(
      `attention: query must be [batch, time, heads, size], key and value [batch, keys, keyHeads, size], bias [time, keys] or [batch, time, keys], got shapes ${shapes.map(showShape).join(", ")}`,
    );
  }
  if (causal && (past !== undefined || query.shape[1] !== key.shape[1])) {
    throw new RangeError(
      `attention: causal attention must have as many keys as queries and no past, got ${past ? "a past" : `${query.shape[1]} queries and ${key.shape[1]} keys`}`,
    );
  }
}

/**
 * Scaled dot-product attention with grouped heads: `softmax(scale * query . key^T + bias) . value`.
 * Query head `h` reads key head `floor(h * keyHeads / heads)`. Keys are not repeated: the queries
 * of a group are stacked instead.
 *
 * Values at masked positions must be finite.
 *
 * @returns `[batch, time, heads, size]`.
 * @throws `RangeError` for shapes that do not fit.
 */
export function attention(
  g: Tracer,
  inputs: AttentionInputs,
  options: AttentionOptions = {},
): Tensor {
  checkAttention(inputs, options);
  const { query, key, value } = inputs;
  const { bias, causal = false, past, blocks: count = 4 } = options;
  checkInteger("attention", { blocks: count }, { min: 1 });
  const scale = options.scale ?? 1 / Math.sqrt(Number(query.shape[3]));
  const keyHeads = Number(key.shape[2]);
  const group = Number(query.shape[2]) / keyHeads;
  const [time, keys] = [query.shape[1]!, key.shape[1]!];
  const q = stackHeads(g, query, keyHeads);
  const k = g.transpose(key, [0, 2, 1, 3]);
  const v = g.transpose(value, [0, 2, 1, 3]);
  if (past) {
    const allKeys = addDimensions(past.key.shape[2]!, keys);
    const rowBias = bias && stackBias(g, bias, time, group, allKeys);
    return unstackHeads(g, attendWithPast(g, { q, k, v }, past, scale, rowBias), query);
  }

  const rowBias = bias && stackBias(g, bias, time, group, keys);
  const everything = { rowStart: 0, rowEnd: q.shape[2]!, keyEnd: keys };
  const blocks = (causal ? causalBlocks(time, group, count) : [everything]).map((block) => {
    const rows = (x: Tensor): Tensor => g.slice(x, 2, block.rowStart, block.rowEnd);
    const seen = (x: Tensor): Tensor => g.slice(x, 2, 0, block.keyEnd);
    let scores = g.matmul(rows(q), seen(k), { transposeB: true, scale });
    if (rowBias) scores = g.add(scores, g.slice(rows(rowBias), 3, 0, block.keyEnd));
    if (causal) scores = g.add(scores, causalMask(g, block, group));
    const weights = g.softmax(scores);
    return { rows, seen, weights, result: g.matmul(weights, seen(v)) };
  });
  const result = g.concat(
    blocks.map((block) => block.result),
    2,
  );

  const sources = [query, key, value, ...(bias ? [bias] : [])];
  const output = unstackHeads(g, result, query);
  return g.withGradient([output], sources, ([cotangent]) => {
    const c = stackHeads(g, cotangent!, keyHeads);
    // The backward pass of softmax is P * (dP - sum(dP * P)). The sum equals sum(c * result), which
    // needs only one pass over [time, size]. One extra column in c and v makes the product that
    // computes dP subtract it.
    const mean = g.reduceSum(g.multiply(c, result), { axes: [-1], keepDims: true });
    const cAndMean = appendColumn(g, c, g.negate(mean));
    const vAndOnes = appendOnes(g, v);
    const parts = blocks.map(({ rows, seen, weights }) => {
      const centered = g.matmul(rows(cAndMean), seen(vAndOnes), { transposeB: true });
      const dScores = g.multiply(weights, centered);
      return {
        dScores,
        dQuery: g.matmul(dScores, seen(k), { scale }),
        dKey: g.matmul(dScores, rows(q), { transposeA: true, scale }),
        dValue: g.matmul(weights, rows(c), { transposeA: true }),
      };
    });
    const dQuery = g.concat(
      parts.map((part) => part.dQuery),
      2,
    );
    const inKeys = (pick: (part: (typeof parts)[number]) => Tensor): Tensor =>
      g.transpose(sumPrefixes(g, parts.map(pick)), [0, 2, 1, 3]);
    return [
      unstackHeads(g, dQuery, query),
      inKeys((part) => part.dKey),
      inKeys((part) => part.dValue),
      ...(bias
        ? [
            biasGradient(
              g,
              parts.map((part) => part.dScores),
              keys,
              bias,
              group,
            ),
          ]
        : []),
    ];
  })[0]!;
}

/**
 * Number of columns after `appendColumn`. Products on GPUs are fast if rows are a multiple of 16
 * bytes.
 */
export function paddedColumns(size: number): number {
  return 4 * Math.ceil((size + 1) / 4);
}

/** Appends a column to `[..., size]`, followed by zeros up to {@link paddedColumns}. */
export function appendColumn(g: Tracer, x: Tensor, column: Tensor): Tensor {
  const size = Number(x.shape.at(-1));
  const rest = paddedColumns(size) - size - 1;
  const zeros = g.expand(g.constant(0), [...x.shape.slice(0, -1), rest]);
  return g.concat(rest === 0 ? [x, column] : [x, column, zeros], -1);
}

/**
 * Appends columns of ones, as many as {@link appendColumn} appends, so that a product of the two
 * results adds the column that `appendColumn` appended.
 */
export function appendOnes(g: Tracer, x: Tensor): Tensor {
  const size = Number(x.shape.at(-1));
  const ones = g.expand(g.constant(1), [...x.shape.slice(0, -1), paddedColumns(size) - size]);
  return g.concat([x, ones], -1);
}

/** Sums tensors that cover increasing prefixes of axis 2. */
function sumPrefixes(g: Tracer, parts: readonly Tensor[]): Tensor {
  return parts.reduceRight((total, part) => {
    const end = part.shape[2]!;
    return g.concat([g.add(g.slice(total, 2, 0, end), part), g.slice(total, 2, end)], 2);
  });
}

function attendWithPast(
  g: Tracer,
  { q, k, v }: Readonly<Record<"q" | "k" | "v", Tensor>>,
  past: { readonly key: Tensor; readonly value: Tensor },
  scale: number,
  rowBias: Tensor | undefined,
): Tensor {
  const products = [past.key, k].map((part) => g.matmul(q, part, { transposeB: true, scale }));
  const scores = g.concat(products, -1);
  const weights = g.softmax(rowBias ? g.add(scores, rowBias) : scores);
  const [toPast, toNew] = g.split(weights, -1, [past.key.shape[2]!, k.shape[2]!]);
  return g.add(g.matmul(toPast!, past.value), g.matmul(toNew!, v));
}

function biasGradient(
  g: Tracer,
  dScores: readonly Tensor[],
  keys: Dimension,
  bias: Tensor,
  group: number,
): Tensor {
  const padded = dScores.map((part) => {
    const rest = subtractDimensions(keys, part.shape[3]!);
    const zeros = g.expand(g.constant(0), part.shape.with(3, rest));
    return rest === 0 ? part : g.concat([part, zeros], 3);
  });
  const all = g.concat(padded, 2);
  const [batch, keyHeads, rows] = all.shape;
  const time = floorDivideDimension(rows!, group);
  const split = g.reshape(all, [batch!, keyHeads!, time, group, keys]);
  const ahead = bias.shape.length === 3 ? bias.shape[0]! : 1;
  const target = [ahead, 1, bias.shape.at(-2)!, 1, bias.shape.at(-1)!];
  const axes = split.shape.flatMap((size, axis) => (size === target[axis] ? [] : [axis]));
  return g.reshape(g.reduceSum(split, { axes }), bias.shape);
}
