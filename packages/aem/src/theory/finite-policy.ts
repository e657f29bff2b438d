import { checkFinite, checkInteger, logSoftmax, sum } from "@turnwise/core";

/**
 * Exact policy over finitely many responses in one state. `surprisals` are minus the natural
 * logs of the probabilities, so that no precision is lost for tiny probabilities.
 */
export interface FinitePolicy {
  /** Probabilities, `[response]`, each above 0, sum 1. */
  readonly probabilities: readonly number[];
  /** `S(a|s)`, `[response]`, nats. */
  readonly surprisals: readonly number[];
  /** `H_resp(s)`, the mean surprisal under the policy itself, nats. */
  readonly entropy: number;
}

/**
 * Creates a softmax policy.
 * @param logits - `[response]`, at least one.
 * @throws `RangeError` if a logit is not finite, or the list is empty.
 */
export function softmaxPolicy(logits: readonly number[]): FinitePolicy {
  checkFinite("softmaxPolicy", { logits });
  checkInteger("softmaxPolicy", { numResponses: logits.length }, { min: 1 });
  const surprisals = logSoftmax(logits).map((logProb) => Math.max(0, 0 - logProb));
  const probabilities = surprisals.map((surprisal) => Math.exp(-surprisal));
  return { probabilities, surprisals, entropy: expectation(probabilities, surprisals) };
}

/** `sum(probabilities * values)`. */
export function expectation(probabilities: readonly number[], values: readonly number[]): number {
  return sum(probabilities.map((probability, i) => probability * values[i]!));
}

/** `E[x y] - E[x] E[y]` under the policy, from centered values. */
export function covariance(
  { probabilities }: FinitePolicy,
  x: readonly number[],
  y: readonly number[],
): number {
  const [meanX, meanY] = [expectation(probabilities, x), expectation(probabilities, y)];
  return expectation(
    probabilities,
    x.map((value, i) => (value - meanX) * (y[i]! - meanY)),
  );
}

/** Checks the index of a response. */
export function checkResponse(where: string, policy: FinitePolicy, response: number): void {
  checkInteger(where, { response }, { min: 0, max: policy.probabilities.length - 1 });
}
