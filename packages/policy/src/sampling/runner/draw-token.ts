import { NonFiniteError, type Random, type SamplingOptions } from "@turnwise/core";
import { softmaxWeights, type WeightSums } from "./softmax-weights.ts";

/** Drawn token with statistics of its distribution. */
export interface DrawnToken {
  readonly token: number;
  /** Log-prob under the distribution from which the token was drawn, nats. */
  readonly logProb: number;
  /** Entropy of the distribution before filtering, nats. */
  readonly entropy: number;
  /** Log-prob under the distribution before filtering, nats. */
  readonly unfilteredLogProb: number;
}

/** Fields of a request that {@link drawToken} reads. */
export type DrawOptions = Pick<
  SamplingOptions,
  "temperature" | "topK" | "topP" | "minP" | "bannedTokens"
>;

/** True if a filter may exclude a token. */
export function isFiltered({
  topK = 0,
  topP = 1,
  minP = 0,
  bannedTokens = [],
}: DrawOptions): boolean {
  return topK > 0 || topP < 1 || minP > 0 || bannedTokens.length > 0;
}

/**
 * Draws a token from `softmax(logits / temperature)` after the filters of `SamplingOptions`,
 * computed in float64, with the maximum subtracted first. Takes one uniform random number, and
 * returns the first token, in the order of ids, at which the cumulative probability exceeds it.
 *
 * All tokens as likely as the last of the `topK` are kept, as in transformers and vLLM; `topP` is a
 * share of the probability left by `topK`; `minP` is relative to the most likely token, which is
 * never excluded.
 * @param logits - Logits, `[vocabularySize]`; entries of banned tokens are overwritten.
 * @param options - Temperature 0 takes the largest logit (of equal ones the first); log-probs and
 *   entropy are then 0, and no random number is consumed.
 * @param weights - Scratch memory of the same length.
 * @throws `NonFiniteError` if a logit is NaN, the largest is infinite, or every token is banned.
 */
export function drawToken(
  logits: Float32Array,
  options: DrawOptions,
  random: Random,
  weights: Float64Array = new Float64Array(logits.length),
): DrawnToken {
  const { temperature = 1, bannedTokens = [] } = options;
  if (temperature === 0) {
    ban(logits, bannedTokens);
    const token = findLargest(logits);
    checkLargest(logits[token]!);
    return { token, logProb: 0, entropy: 0, unfilteredLogProb: 0 };
  }
  const scale = 1 / temperature;
  const allLargest = logits[findLargest(logits)]!;
  const all = fillWeights(logits, allLargest, scale, weights);
  let largest = allLargest;
  let { total } = all;
  if (bannedTokens.length > 0) {
    ban(logits, bannedTokens);
    largest = logits[findLargest(logits)]!;
    checkLargest(largest);
    ({ total } = fillWeights(logits, largest, scale, weights));
  }
  const least = isFiltered(options) ? findCutoff(weights, total, options) : keepAll;
  const keptTotal = least === keepAll ? total : sumKept(weights, least);
  const token = pick(weights, least, random.next() * keptTotal);
  const shifted = (logits[token]! - largest) * scale;
  const allLogTotal = Math.log(all.total);
  return {
    token,
    logProb: shifted - Math.log(keptTotal),
    entropy: Math.max(0, allLogTotal - all.weighted / all.total),
    unfilteredLogProb: (logits[token]! - allLargest) * scale - allLogTotal,
  };
}

function findLargest(values: Float32Array): number {
  let best = 0;
  let largest = values[0]!;
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    if (value > largest) {
      largest = value;
      best = i;
    }
  }
  return best;
}

function ban(logits: Float32Array, tokens: readonly number[]): void {
  for (const token of tokens) logits[token] = -Infinity;
}

function checkLargest(largest: number): void {
  if (!Number.isFinite(largest)) {
    throw new NonFiniteError(`drawToken: logits must be finite, got a maximum of ${largest}`);
  }
}

/** Like {@link softmaxWeights}, but requires finite logits. */
function fillWeights(
  logits: Float32Array,
  largest: number,
  scale: number,
  weights: Float64Array,
): WeightSums {
  checkLargest(largest);
  const sums = softmaxWeights(logits, largest, scale, weights);
  checkLargest(sums.total);
  return sums;
}

/**
 * Threshold of kept weights: all weights above `weight`, and the first `numEqual` of the weights
 * equal to it.
 */
interface Cutoff {
  readonly weight: number;
  readonly numEqual: number;
}

const keepAll: Cutoff = { weight: 0, numEqual: Infinity };

function findCutoff(
  weights: Float64Array,
  total: number,
  { topK = 0, topP = 1, minP = 0 }: DrawOptions,
): Cutoff {
  let least = keepAll;
  if (topK > 0 || topP < 1) {
    // Sort only the most likely tokens; try growing sets until there are enough.
    for (let floor = 1 / 16; ; floor /= 1024) {
      const found = findCutoffAbove(weights, floor < 1e-30 ? 0 : floor, total, topK, topP);
      if (!found) continue;
      least = found;
      break;
    }
  }
  // The most likely token has weight 1, so `minP` is directly a threshold.
  return minP > least.weight ? { weight: minP, numEqual: Infinity } : least;
}

/** Finds the cutoff among weights above `floor`. @returns `undefined` if there are too few. */
function findCutoffAbove(
  weights: Float64Array,
  floor: number,
  total: number,
  topK: number,
  topP: number,
): Cutoff | undefined {
  const sorted = weights.filter((weight) => weight >= floor).sort();
  let end = sorted.length;
  if (topK > end && floor > 0) return undefined;
  let begin = 0;
  if (topK > 0) {
    const last = sorted[Math.max(0, end - topK)]!;
    while (sorted[begin]! < last) begin++;
    if (topP === 1) return { weight: last, numEqual: Infinity };
  }
  let mass = 0;
  if (topK > 0) for (let i = begin; i < end; i++) mass += sorted[i]!;
  else mass = total;
  let reached = 0;
  while (end > begin && reached < topP * mass) reached += sorted[--end]!;
  if (reached < topP * mass) return floor > 0 ? undefined : keepAll;
  const weight = sorted[end]!;
  let numEqual = 1;
  while (sorted[end + numEqual] === weight) numEqual++;
  return { weight, numEqual };
}

function sumKept(weights: Float64Array, least: Cutoff): number {
  let numLeft = least.numEqual;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (weight > least.weight || (weight === least.weight && numLeft-- > 0)) total += weight;
  }
  return total;
}

/** Finds the kept token at which the cumulative weight exceeds the target. */
function pick(weights: Float64Array, least: Cutoff, target: number): number {
  let numLeft = least.numEqual;
  let cumulative = 0;
  let last = 0;
  for (let i = 0; i < weights.length; i++) {
    const weight = weights[i]!;
    if (weight > least.weight || (weight === least.weight && numLeft-- > 0)) {
      cumulative += weight;
      if (cumulative > target) return i;
      if (weight > 0) last = i;
    }
  }
  // Rounding made the target equal to the total.
  return last;
}
