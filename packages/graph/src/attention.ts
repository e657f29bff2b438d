import { multiplyDimensions } from "./dimension.ts";
import { showShape, type Shape, type Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/** What attention reads. */
export interface AttentionInputs {
  /** `[batch, time, heads, size]`. */
  readonly query: Tensor;
  /** `[batch, keys, keyHeads, size]`; `keyHeads` divides `heads`, and each serves equally many. */
  readonly key: Tensor;
  /** As `key`. */
  readonly value: Tensor;
}

/** Options of {@link attention}. */
export interface AttentionOptions {
  /**
   * Added to the scores: `[time, keys]` or `[batch, time, keys]`, sizes of 1 repeat. See
   * {@link causalBias}. With `past`, its keys come first.
   */
  readonly bias?: Tensor;
  /** Multiplies the scores. Default `1 / sqrt(size)`. */
  readonly scale?: number;
  /** Keys and values of earlier tokens, `[batch, keyHeads, pastKeys, size]` both. */
  readonly past?: { readonly key: Tensor; readonly value: Tensor };
}

/** `[batch, time, keyHeads*group, size] -> [batch, keyHeads, group*time, size]`. */
function groupHeads(g: Tracer, x: Tensor, keyHeads: number): Tensor {
  const [batch, time, heads, size] = fourSizes(x.shape);
  const group = Number(heads) / keyHeads;
  const split = g.reshape(x, [batch, time, keyHeads, group, size]);
  const moved = g.transpose(split, [0, 2, 3, 1, 4]);
  return g.reshape(moved, [batch, keyHeads, multiplyDimensions(group, time), size]);
}

/** The inverse of {@link groupHeads}. */
function ungroupHeads(g: Tracer, x: Tensor, shape: Shape): Tensor {
  const [batch, time, heads, size] = fourSizes(shape);
  const keyHeads = Number(x.shape[1]);
  const split = g.reshape(x, [batch, keyHeads, Number(heads) / keyHeads, time, size]);
  return g.reshape(g.transpose(split, [0, 3, 1, 2, 4]), shape);
}

function fourSizes(shape: Shape): readonly [Shape[0], Shape[0], Shape[0], Shape[0]] {
  return [shape[0]!, shape[1]!, shape[2]!, shape[3]!];
}

function addBias(g: Tracer, scores: Tensor, bias: Tensor, group: number, query: Tensor): Tensor {
  const [batch, keyHeads, , keys] = fourSizes(scores.shape);
  const [time, width] = [bias.shape.at(-2)!, bias.shape.at(-1)!];
  const ahead = bias.shape.length === 3 ? bias.shape[0]! : 1;
  const split = g.reshape(scores, [batch, keyHeads, group, query.shape[1]!, keys]);
  return g.reshape(g.add(split, g.reshape(bias, [ahead, 1, 1, time, width])), scores.shape);
}

function checkAttention({ query, key, value }: AttentionInputs, bias: Tensor | undefined): void {
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
    throw new RangeError(
      `attention: query, key, value and bias must be [batch, time, heads, size], [batch, keys, keyHeads, size] twice, and [time, keys] or [batch, time, keys], got ${[query, key, value, ...(bias ? [bias] : [])].map((tensor) => showShape(tensor.shape)).join(", ")}`,
    );
  }
}

/**
 * Scaled dot-product attention with grouped heads: `softmax(scale * query . key^T + bias) . value`.
 * Query head `h` reads key head `floor(h * keyHeads / heads)`. Keys are never repeated: the queries
 * of a group are stacked instead.
 *
 * Positions that the bias excludes must still hold finite numbers.
 *
 * @returns `[batch, time, heads, size]`.
 * @throws `RangeError` for shapes that do not fit.
 */
export function attention(
  g: Tracer,
  { query, key, value }: AttentionInputs,
  { bias, scale, past }: AttentionOptions = {},
): Tensor {
  checkAttention({ query, key, value }, bias);
  const keyHeads = Number(key.shape[2]);
  const group = Number(query.shape[2]) / keyHeads;
  const factor = scale ?? 1 / Math.sqrt(Number(query.shape[3]));
  const q = groupHeads(g, query, keyHeads);
  const k = g.transpose(key, [0, 2, 1, 3]);
  const v = g.transpose(value, [0, 2, 1, 3]);
  const parts = [{ k, v }];
  if (past) parts.unshift({ k: past.key, v: past.value });

  const products = parts.map((part) => g.matmul(q, part.k, { transposeB: true, scale: factor }));
  const raw = g.concat(products, -1);
  const scores = bias === undefined ? raw : addBias(g, raw, bias, group, query);
  const weights = g.softmax(scores);
  const shares = g.split(
    weights,
    -1,
    parts.map((part) => part.k.shape[2]!),
  );
  const result = parts.map((part, i) => g.matmul(shares[i]!, part.v)).reduce((a, b) => g.add(a, b));
  const output = ungroupHeads(g, result, query.shape);
  if (past) return output;

  const inputs = [query, key, value, ...(bias ? [bias] : [])];
  return g.withGradient([output], inputs, ([cotangent]) => {
    const c = groupHeads(g, cotangent!, keyHeads);
    // sum(dWeights * weights) is sum(c * result): a pass over [time, size], not [time, keys].
    const mean = g.reduceSum(g.multiply(c, result), { axes: [-1], keepDims: true });
    const dWeights = g.matmul(c, v, { transposeB: true });
    const dScores = g.multiply(weights, g.subtract(dWeights, mean));
    const dQuery = g.matmul(dScores, k, { scale: factor });
    const dKey = g.matmul(dScores, q, { transposeA: true, scale: factor });
    const dValue = g.matmul(weights, c, { transposeA: true });
    const dInputs = [
      ungroupHeads(g, dQuery, query.shape),
      g.transpose(dKey, [0, 2, 1, 3]),
      g.transpose(dValue, [0, 2, 1, 3]),
    ];
    return bias === undefined
      ? dInputs
      : [...dInputs, biasGradient(g, dScores, bias, query, group)];
  })[0]!;
}

function biasGradient(
  g: Tracer,
  dScores: Tensor,
  bias: Tensor,
  query: Tensor,
  group: number,
): Tensor {
  const [batch, keyHeads, , keys] = fourSizes(dScores.shape);
  const split = g.reshape(dScores, [batch, keyHeads, group, query.shape[1]!, keys]);
  const ahead = bias.shape.length === 3 ? bias.shape[0]! : 1;
  const target = [ahead, 1, 1, bias.shape.at(-2)!, bias.shape.at(-1)!];
  const axes = split.shape.flatMap((size, axis) => (size === target[axis] ? [] : [axis]));
  return g.reshape(g.reduceSum(split, { axes }), bias.shape);
}
