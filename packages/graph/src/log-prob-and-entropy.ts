import { checkInteger, checkPositive } from "@turnwise/core";
import { showShape, type Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/** Inputs of {@link logProbAndEntropy}. */
export interface HeadInputs {
  /** Last hidden state of each token, `[token, d]`. */
  readonly hidden: Tensor;
  /** Output matrix, `[vocabulary, d]`. */
  readonly head: Tensor;
  /** Target token of each position, int32 `[token]`. */
  readonly targets: Tensor;
}

/** Options of {@link logProbAndEntropy}. */
export interface HeadOptions {
  /** Divisor of the logits, `> 0`. Default 1. */
  readonly temperature?: number;
  /**
   * Number of chunks of tokens. Each chunk recomputes its logits for the gradient, so that at most
   * `[token / chunks, vocabulary]` logits exist at a time. Default 1: all logits at once, kept for
   * the gradient.
   */
  readonly chunks?: number;
  /** True if no gradient with respect to `head` is needed. Default false. */
  readonly frozenHead?: boolean;
}

/** Outputs of {@link logProbAndEntropy}, both `[token]`. */
export interface HeadOutputs {
  /** Log-prob of each target, nats. */
  readonly logProbs: Tensor;
  /** Entropy of the distribution at each position over the full vocabulary, nats. */
  readonly entropies: Tensor;
}

/**
 * Computes log-probs of the targets, and entropies of the distributions, of
 * `softmax(hidden . head^T / temperature)`. Both can be differentiated with respect to `hidden` and
 * `head`; if only log-probs are differentiated, the gradient costs little more than the products
 * with the head.
 *
 * @throws `RangeError` for shapes that do not fit, or a temperature that is not above 0.
 */
export function logProbAndEntropy(
  g: Tracer,
  { hidden, head, targets }: HeadInputs,
  { temperature = 1, chunks = 1, frozenHead = false }: HeadOptions = {},
): HeadOutputs {
  checkPositive("logProbAndEntropy", { temperature });
  checkInteger("logProbAndEntropy", { chunks }, { min: 1 });
  const isMatched =
    hidden.shape.length === 2 &&
    head.shape.length === 2 &&
    targets.shape.length === 1 &&
    hidden.shape[0] === targets.shape[0];
  if (!isMatched) {
    throw new RangeError(
      `logProbAndEntropy: hidden must be [token, d], head [vocabulary, d], targets [token], got shapes ${[hidden, head, targets].map((tensor) => showShape(tensor.shape)).join(", ")}`,
    );
  }
  const scale = 1 / temperature;
  const column = (x: Tensor): Tensor => g.reshape(x, [x.shape[0]!, 1]);
  const traceLogProbs = (rows: Tensor): Tensor =>
    g.logSoftmax(g.matmul(rows, head, { transposeB: true, scale }));
  const ids = g.split(targets, 0, chunks);

  const parts: { rows: Tensor; logProb: Tensor; entropy: Tensor }[] = [];
  for (const [i, rows] of g.split(hidden, 0, chunks).entries()) {
    const before = parts.at(-1);
    const all = traceLogProbs(before ? g.barrier(rows, [before.logProb, before.entropy]) : rows);
    const logProb = g.reshape(g.takeAlong(all, column(ids[i]!)), ids[i]!.shape);
    const entropy = g.negate(g.reduceSum(g.multiply(g.exp(all), all), { axes: [-1] }));
    parts.push({ rows, logProb, entropy });
  }
  const join = (tensors: readonly Tensor[]): Tensor => g.concat(tensors, 0);
  const logProbs = join(parts.map((part) => part.logProb));
  const entropies = join(parts.map((part) => part.entropy));

  // With a and e the gradients of log-prob and entropy, and W = P * (a + e * (log P + entropy)):
  // dLogits = a * oneHot(target) - W. The first term is computed by gathering and scattering rows.
  const results = g.withGradient([logProbs, entropies], [hidden, head], ([a, e]) => {
    const aParts = a && g.split(column(a), 0, chunks);
    const eParts = e && g.split(column(e), 0, chunks);
    const shares: { spread: Tensor; gathered: Tensor }[] = [];
    // Each chunk waits for the sum of the earlier chunks, so that at most two logit tables exist at
    // a time.
    const push = (spread: Tensor, part: Tensor): void => {
      const before = shares.at(-1);
      shares.push({ spread, gathered: before ? g.add(before.gathered, part) : part });
    };
    for (const [i, { rows, entropy }] of parts.entries()) {
      const [aPart, ePart] = [aParts?.[i], eParts?.[i]];
      const before = shares.at(-1);
      // Do not wait for values that nothing uses, because waiting would compute them.
      const done = before && (frozenHead ? [before.spread] : [before.spread, before.gathered]);
      const earlier = [(aPart ?? ePart)!, ...(done ?? [])];
      const all = traceLogProbs(chunks === 1 ? rows : g.barrier(rows, earlier));
      const probabilities = g.exp(all);
      if (ePart === undefined) {
        // W is P with scaled rows; scale the smaller factor of the product instead.
        const spread = g.matmul(probabilities, head, { scale: -scale });
        const scaled = g.multiply(rows, aPart!);
        const gathered = g.matmul(probabilities, scaled, { transposeA: true, scale: -scale });
        push(g.multiply(spread, aPart!), gathered);
        continue;
      }
      const offset = g.multiply(ePart, column(entropy));
      const base = aPart === undefined ? offset : g.add(aPart, offset);
      const weight = g.multiply(probabilities, g.add(g.multiply(all, ePart), base));
      const spread = g.matmul(weight, head, { scale: -scale });
      const gathered = g.matmul(weight, rows, { transposeA: true, scale: -scale });
      push(spread, gathered);
    }
    const spread = join(shares.map((share) => share.spread));
    const { gathered } = shares.at(-1)!;
    if (a === undefined) return [spread, frozenHead ? undefined : gathered];
    const share = g.multiply(column(a), scale);
    const byHidden = g.add(spread, g.multiply(g.gather(head, targets), share));
    if (frozenHead) return [byHidden, undefined];
    return [
      byHidden,
      g.add(gathered, g.scatterAdd(g.multiply(hidden, share), targets, head.shape[0]!)),
    ];
  });
  return { logProbs: results[0]!, entropies: results[1]! };
}
