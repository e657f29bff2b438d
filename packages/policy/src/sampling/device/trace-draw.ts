import type { Tensor, Tracer } from "@turnwise/graph";

/** Inputs of {@link traceDraw}; all are `[row]` except the logits. */
export interface DrawInputs {
  /** Logits, `[row, vocabularySize]`. */
  readonly logits: Tensor;
  /** Factor of each row's logits: `1 / temperature`, or {@link greedyScale}. */
  readonly scales: Tensor;
  /** Uniform numbers from 0 to {@link largestUniform}; 0 for greedy draws. */
  readonly uniforms: Tensor;
  /** Filters of the draw. Default: none. */
  readonly filters?: {
    /** Tokens whose weight is less than this share of the largest weight are excluded. */
    readonly minPs: Tensor;
    /**
     * Banned tokens as `row * vocabularySize + token`, int32 `[ban]`; padding entries refer to a
     * row after the last.
     */
    readonly banned: Tensor;
  };
}

/**
 * Scale at which only the largest logits have a nonzero weight; a uniform number of 0 then draws
 * the first of these.
 */
export const greedyScale = 1e30;

/** Largest float32 below 1. */
export const largestUniform: number = 1 - 2 ** -24;

/** Columns of the result of {@link traceDraw}. */
export const drawColumns = { token: 0, logProb: 1, entropy: 2, unfilteredLogProb: 3 } as const;

/** Weights `exp((logit - largest) * scale)` and their total, `[row, 1]` each. */
interface WeightedRow {
  readonly largest: Tensor;
  readonly shifted: Tensor;
  readonly weights: Tensor;
  readonly total: Tensor;
}

/**
 * Traces draws equivalent to `drawToken`, in float32 on the device: with temperature, banned
 * tokens, `minP`, log-probs and entropies.
 *
 * The drawn token is the first at which the cumulative weight exceeds `uniform * total`. It is
 * searched on three levels, first among blocks and then within a block, because cumulative sums
 * over the whole vocabulary would be slower and less exact. Its weight is above 0 despite rounding.
 *
 * @returns `[row, 4]`, see {@link drawColumns}; non-finite log-probs for non-finite logits.
 */
export function traceDraw(g: Tracer, { logits, scales, uniforms, filters }: DrawInputs): Tensor {
  const [rows, size] = [logits.shape[0]!, Number(logits.shape[1])];
  const column = (x: Tensor): Tensor => g.reshape(x, [rows, 1]);
  const options = { axes: [1], keepDims: true };
  const scale = column(scales);
  const weigh = (x: Tensor): WeightedRow => {
    const largest = g.reduceMax(x, options);
    const shifted = g.multiply(g.subtract(x, largest), scale);
    const weights = g.exp(shifted);
    return { largest, shifted, weights, total: g.reduceSum(weights, options) };
  };
  const all = weigh(logits);
  // Limit the factor, to avoid 0 times infinity.
  const surprisals = g.multiply(all.weights, g.maximum(all.shifted, -1000));
  const mean = g.divide(g.reduceSum(surprisals, options), all.total);
  const entropy = g.maximum(g.subtract(g.log(all.total), mean), 0);

  let kept = all;
  if (filters) {
    const { banned, minPs } = filters;
    const ones = g.expand(g.constant(1), banned.shape);
    const marks = g.scatterAdd(ones, banned, `(${rows})*${size} + 1`);
    const isBanned = g.greater(
      g.reshape(g.slice(marks, 0, 0, `(${rows})*${size}`), logits.shape),
      0,
    );
    const left = weigh(g.where(isBanned, -3e38, logits));
    const weights = g.where(g.greater(column(minPs), left.weights), 0, left.weights);
    kept = { ...left, weights, total: g.reduceSum(weights, options) };
  }
  const token = pick(g, kept.weights, column(uniforms));
  const flat = g.reshape(logits, [`(${rows})*${size}`]);
  const logit = column(g.gather(flat, flatIndex(g, token, size)));
  const logProb = ({ largest, total }: WeightedRow): Tensor =>
    g.subtract(g.multiply(g.subtract(logit, largest), scale), g.log(total));
  return g.concat([token, logProb(kept), entropy, logProb(all)], 1);
}

/** Flat indices of one entry per row, int32 `[row]`; `entry` is `[row, 1]`. */
function flatIndex(g: Tracer, entry: Tensor, size: number): Tensor {
  const rows = entry.shape[0]!;
  const starts = g.multiply(g.iota(rows), size);
  return g.add(starts, g.cast(g.reshape(entry, [rows]), "int32"));
}

/**
 * Splits a vocabulary into three levels of about equal size, whose product is at least the
 * vocabulary size.
 */
function splitIntoLevels(size: number): readonly [number, number, number] {
  const first = Math.ceil(Math.cbrt(size));
  const second = Math.ceil(Math.sqrt(size / first));
  return [first, second, Math.ceil(size / (first * second))];
}

/**
 * Index in each row of the entry at which the cumulative weight exceeds a share of the total,
 * `[row, 1]`.
 */
function pick(g: Tracer, weights: Tensor, uniforms: Tensor): Tensor {
  const [rows, size] = [weights.shape[0]!, Number(weights.shape[1])];
  const levels = splitIntoLevels(size);
  const options = { axes: [1], keepDims: true };
  let inner = levels[0] * levels[1] * levels[2];
  const missing = inner - size;
  let left =
    missing === 0 ? weights : g.concat([weights, g.expand(g.constant(0), [rows, missing])], 1);
  let target: Tensor | undefined;
  let entry: Tensor | undefined;
  for (const count of levels) {
    inner /= count;
    const sums = g.reduceSum(g.reshape(left, [rows, count, inner]), { axes: [2] });
    target ??= g.multiply(uniforms, g.reduceSum(sums, options));
    const index = g.cast(g.iota(count), "float32");
    const isBehind = g.greater(g.reshape(index, [1, count]), g.reshape(index, [count, 1]));
    const each = g.where(isBehind, 0, g.reshape(sums, [rows, 1, count]));
    const isPositive = g.greater(sums, 0);
    const exceeds = g.and(g.greater(g.reduceSum(each, { axes: [2] }), target), isPositive);
    const findFirst = (condition: Tensor): Tensor =>
      g.negate(g.reduceMax(g.where(condition, g.negate(index), -count), options));
    const first = findFirst(exceeds);
    // If rounding makes the target equal to the total, no sum exceeds it, and the last block may
    // weigh almost nothing, so take the heaviest block. If weights are NaN, no sum exceeds the
    // target either; the last entry is then used.
    const heaviest = g.minimum(findFirst(g.equal(sums, g.reduceMax(sums, options))), count - 1);
    const chosen = g.where(g.greater(count, first), first, heaviest);
    const before = g.reduceSum(g.where(g.greater(chosen, index), sums, 0), options);
    target = g.subtract(target, before);
    const blocks = g.reshape(left, [`(${rows})*${count}`, inner]);
    left = g.gather(blocks, flatIndex(g, chosen, count));
    const part = g.multiply(chosen, inner);
    entry = entry ? g.add(entry, part) : part;
  }
  return g.minimum(entry!, size - 1);
}

/**
 * Traces scores of given tokens at temperature 1.
 * @param targets - Target token of each row, int32 `[row]`.
 * @returns `[row, 2]`: the log-prob of the target, and the entropy; non-finite for non-finite
 *   logits.
 */
export function traceScore(g: Tracer, logits: Tensor, targets: Tensor): Tensor {
  const rows = logits.shape[0]!;
  const options = { axes: [1], keepDims: true };
  const shifted = g.subtract(logits, g.reduceMax(logits, options));
  const weights = g.exp(shifted);
  const total = g.reduceSum(weights, options);
  const surprisals = g.multiply(weights, g.maximum(shifted, -1000));
  const logTotal = g.log(total);
  const entropy = g.subtract(logTotal, g.divide(g.reduceSum(surprisals, options), total));
  const target = g.takeAlong(shifted, g.reshape(targets, [rows, 1]));
  return g.concat([g.subtract(target, logTotal), entropy], 1);
}
