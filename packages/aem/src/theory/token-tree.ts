import { checkSameLength } from "@turnwise/core";
import { expectation, type FinitePolicy } from "./finite-policy.ts";

/**
 * A policy that writes a response token by token: the distribution of the next token, and what
 * follows each; `undefined` ends the response.
 */
export interface TokenTree {
  readonly next: FinitePolicy;
  /** `[token]`, one for each token of `next`. */
  readonly children: readonly (TokenTree | undefined)[];
}

/** One response that a tree can write. */
export interface TreeResponse {
  readonly tokens: readonly number[];
  readonly probability: number;
  /** `S = -log pi(response)`: the surprisals of its tokens, summed, nats. */
  readonly surprisal: number;
  /**
   * The predictable part of the surprisal: the entropies of the distributions that its tokens were
   * drawn from, summed, nats.
   */
  readonly predictable: number;
}

/**
 * All responses of a tree.
 * @throws `RangeError` if a node has not one child for each token.
 */
export function treeResponses(tree: TokenTree): TreeResponse[] {
  const { next, children } = tree;
  checkSameLength("treeResponses", { tokens: next.probabilities, children });
  return next.probabilities.flatMap((probability, token) => {
    const surprisal = next.surprisals[token]!;
    const child = children[token];
    const endings: readonly TreeResponse[] =
      child === undefined
        ? [{ tokens: [], probability: 1, surprisal: 0, predictable: 0 }]
        : treeResponses(child);
    return endings.map((ending) => ({
      tokens: [token, ...ending.tokens],
      probability: probability * ending.probability,
      surprisal: surprisal + ending.surprisal,
      predictable: next.entropy + ending.predictable,
    }));
  });
}

/**
 * The response entropy of a tree, found in two ways that agree: the mean surprisal of whole
 * responses, and the mean of their predictable parts (Doob's decomposition). So the summed token
 * entropies of one sampled response are an estimate of the response entropy without bias.
 * @see arXiv:2605.00425, appendix F.4
 */
export function treeEntropy(tree: TokenTree): {
  readonly bySurprisal: number;
  readonly byPredictable: number;
} {
  const responses = treeResponses(tree);
  const probabilities = responses.map(({ probability }) => probability);
  return {
    bySurprisal: expectation(
      probabilities,
      responses.map(({ surprisal }) => surprisal),
    ),
    byPredictable: expectation(
      probabilities,
      responses.map(({ predictable }) => predictable),
    ),
  };
}
