import { checkSameLength } from "@turnwise/core";
import { expectation, type FinitePolicy } from "./finite-policy.ts";

/**
 * Autoregressive policy as a tree: the distribution of the next token, and one subtree per token.
 * The subtree `undefined` ends the response.
 */
export interface TokenTree {
  readonly next: FinitePolicy;
  /** Subtrees, one per token of `next`. */
  readonly children: readonly (TokenTree | undefined)[];
}

/** A complete response of a tree. */
export interface TreeResponse {
  readonly tokens: readonly number[];
  readonly probability: number;
  /** `S = -log pi(response)`: the sum of the tokens' surprisals, nats. */
  readonly surprisal: number;
  /**
   * Predictable part of the surprisal: the sum of the entropies of its tokens' distributions, nats.
   */
  readonly predictable: number;
}

/**
 * Lists all responses of a tree.
 * @throws `RangeError` if a node does not have one child per token.
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
 * Response entropy of a tree, computed in two equivalent ways: the mean surprisal of complete
 * responses, and the mean of their predictable parts (Doob's decomposition). The summed token
 * entropies of one sampled response are thus an unbiased estimate of the response entropy.
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
