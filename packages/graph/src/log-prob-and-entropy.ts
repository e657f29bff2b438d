import { checkInteger, checkPositive } from "@turnwise/core";
import { showShape, type Tensor } from "./tensor.ts";
import type { Tracer } from "./tracer.ts";

/** What {@link logProbAndEntropy} reads. */
export interface HeadInputs {
  /** The last hidden state of each token, `[token, d]`. */
  readonly hidden: Tensor;
  /** The output matrix, `[vocabulary, d]`. */
  readonly head: Tensor;
  /** The token that followed, int32 `[token]`. */
  readonly targets: Tensor;
}

/** Options of {@link logProbAndEntropy}. */
export interface HeadOptions {
  /** Divides the logits, `> 0`. Default 1. */
  readonly temperature?: number;
  /**
   * Computes the tokens in so many parts, and the logits once more for the gradient, so that no more
   * than `[token / chunks, vocabulary]` is kept. Default 1: all at once, and kept.
   */
  readonly chunks?: number;
}

/** What {@link logProbAndEntropy} gives, both `[token]`. */
export interface HeadOutputs {
  /** Log-prob of each target, nats. */
  readonly logProbs: Tensor;
  /** Entropy of each next-token distribution over the full vocabulary, nats. */
  readonly entropies: Tensor;
}

/**
 * Log-probs of the targets and entropies of the distributions `softmax(hidden . head^T /
 * temperature)`. Both can be differentiated by `hidden` and `head`; a gradient that reaches only the
 * log-probs costs no more than the products with the head.
 *
 * @throws `RangeError` for shapes that do not fit, or a temperature that is not above 0.
 */
export function logProbAndEntropy(
  g: Tracer,
  { hidden, head, targets }: HeadInputs,
  { temperature = 1, chunks = 1 }: HeadOptions = {},
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
      `logProbAndEntropy: hidden, head and targets must be [token, d], [vocabulary, d] and [token], got ${[hidden, head, targets].map((tensor) => showShape(tensor.shape)).join(", ")}`,
    );
  }
  const scale = 1 / temperature;
  const column = (x: Tensor): Tensor => g.reshape(x, [x.shape[0]!, 1]);
  const logProbsOf = (rows: Tensor): Tensor =>
    g.logSoftmax(g.matmul(rows, head, { transposeB: true, scale }));

  const parts = g.split(hidden, 0, chunks).map((rows, i) => {
    const ids = g.split(targets, 0, chunks)[i]!;
    const all = logProbsOf(rows);
    const taken = g.takeAlong(all, column(ids));
    const entropy = g.negate(g.reduceSum(g.multiply(g.exp(all), all), { axes: [-1] }));
    return { rows, logProb: g.reshape(taken, ids.shape), entropy };
  });
  const logProbs = g.concat(
    parts.map((part) => part.logProb),
    0,
  );
  const entropies = g.concat(
    parts.map((part) => part.entropy),
    0,
  );

  // With a and e the gradients of log-prob and entropy, and W = P * (a + e * (log P + entropy)):
  // dLogits = a * oneHot(target) - W. The first part never needs all of [token, vocabulary].
  const results = g.withGradient([logProbs, entropies], [hidden, head], ([a, e]) => {
    const perPart = (x: Tensor | undefined): readonly (Tensor | undefined)[] =>
      x === undefined ? parts.map(() => undefined) : g.split(column(x), 0, chunks);
    const [aParts, eParts] = [perPart(a), perPart(e)];
    const shares = parts.map(({ rows, entropy }, i) => {
      const [aPart, ePart] = [aParts[i], eParts[i]];
      // Adding nothing that hangs on the gradient has the logits computed anew, not kept.
      const again = chunks === 1 ? rows : g.add(rows, g.multiply((aPart ?? ePart)!, 0));
      const all = logProbsOf(again);
      const probabilities = g.exp(all);
      if (ePart === undefined) return { rows, weight: g.multiply(probabilities, aPart!) };
      const offset = g.multiply(ePart, column(entropy));
      const base = aPart === undefined ? offset : g.add(aPart, offset);
      const weight = g.multiply(probabilities, g.add(g.multiply(all, ePart), base));
      return { rows, weight };
    });
    const spread = g.concat(
      shares.map(({ weight }) => g.matmul(weight, head, { scale: -scale })),
      0,
    );
    const gathered = shares
      .map(({ rows, weight }) => g.matmul(weight, rows, { transposeA: true, scale: -scale }))
      .reduce((total, part) => g.add(total, part));
    if (a === undefined) return [spread, gathered];
    const share = g.multiply(column(a), scale);
    return [
      g.add(spread, g.multiply(g.gather(head, targets), share)),
      g.add(gathered, g.scatterAdd(g.multiply(hidden, share), targets, head.shape[0]!)),
    ];
  });
  return { logProbs: results[0]!, entropies: results[1]! };
}
