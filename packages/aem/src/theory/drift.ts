import { checkFinite, checkSameLength, sum } from "@turnwise/core";
import { checkResponse, covariance, expectation, type FinitePolicy } from "./finite-policy.ts";

/**
 * Natural gradient (Fisher-Rao, on the simplex) of the surrogate `advantage * log pi(response)`:
 * the direction `advantage * (e_response - pi)` in which the probabilities move.
 *
 * @returns `[response]`, sum 0.
 * @throws `RangeError` if the index of the response is out of range, or the advantage is not
 *   finite.
 */
export function naturalDirection(
  policy: FinitePolicy,
  response: number,
  advantage: number,
): number[] {
  checkResponse("naturalDirection", policy, response);
  checkFinite("naturalDirection", { advantage });
  return policy.probabilities.map(
    (probability, i) => advantage * ((i === response ? 1 : 0) - probability),
  );
}

/**
 * Direction in which the probabilities move if the logits take a plain gradient step on the same
 * surrogate: `pi * (g - E[g])` with `g = advantage * (e_response - pi)`.
 * @returns `[response]`, sum 0.
 * @throws Errors of {@link naturalDirection}.
 */
export function plainDirection(
  policy: FinitePolicy,
  response: number,
  advantage: number,
): number[] {
  return probabilityDirection(policy, naturalDirection(policy, response, advantage));
}

/**
 * Direction of the probabilities for a direction of the logits: `pi * (direction - E[direction])`,
 * `[response]`.
 */
export function probabilityDirection(
  { probabilities }: FinitePolicy,
  logitDirection: readonly number[],
): number[] {
  checkSameLength("probabilityDirection", { probabilities, logitDirection });
  const center = expectation(probabilities, logitDirection);
  return probabilities.map((probability, i) => probability * (logitDirection[i]! - center));
}

/**
 * Derivative of the policy's entropy along a direction of the probabilities:
 * `sum(direction * surprisals)`, nats for a step of 1.
 * @throws `RangeError` if the direction has another length.
 */
export function entropyAlong(policy: FinitePolicy, direction: readonly number[]): number {
  checkSameLength("entropyAlong", { surprisals: policy.surprisals, direction });
  // A direction sums to 0, so subtracting the entropy from the surprisals changes only the
  // rounding.
  return sum(direction.map((part, i) => part * (policy.surprisals[i]! - policy.entropy)));
}

/**
 * Theorem 3.2.1, the entropy drift of one sampled response under the natural gradient:
 * `advantage * (surprisal - entropy)`. Reinforcing a surprising response raises the entropy,
 * reinforcing an expected one lowers it; punishing does the opposite.
 * @throws Errors of {@link naturalDirection}.
 * @see arXiv:2605.00425
 */
export function naturalDrift(policy: FinitePolicy, response: number, advantage: number): number {
  checkResponse("naturalDrift", policy, response);
  checkFinite("naturalDrift", { advantage });
  return advantage * (policy.surprisals[response]! - policy.entropy);
}

/**
 * Drift if the logits take a plain gradient step:
 * `advantage * (pi_a (S_a - H) - sum_b pi_b^2 (S_b - H))`. The second term does not depend on the
 * response: the sign rule of the theorem is only approximate here.
 * @throws Errors of {@link naturalDirection}.
 */
export function plainDrift(policy: FinitePolicy, response: number, advantage: number): number {
  checkResponse("plainDrift", policy, response);
  checkFinite("plainDrift", { advantage });
  const { probabilities, surprisals, entropy } = policy;
  const pull = probabilities.map((probability, i) => probability * (surprisals[i]! - entropy));
  return advantage * (pull[response]! - expectation(probabilities, pull));
}

/**
 * Expected drift over the policy's responses: `E[advantage * (S - H)]`, the covariance of advantage
 * and surprisal.
 * @param advantages - `[response]`.
 * @throws `RangeError` for another number of advantages.
 */
export function expectedDrift(policy: FinitePolicy, advantages: readonly number[]): number {
  checkSameLength("expectedDrift", { probabilities: policy.probabilities, advantages });
  return covariance(policy, advantages, policy.surprisals);
}

/** Terms added to the surrogate in {@link regularizationDrift}. */
export interface Regularization {
  /** Coefficient of the entropy bonus `phi(H)`. Default 0. */
  readonly entropyCoefficient?: number;
  /**
   * `phi'(H)`, the derivative of the bonus at the current entropy. Default 1: `phi` is the
   * identity.
   */
  readonly entropySlope?: number;
  /** Coefficient of the penalty `KL(pi || reference)`. Default 0. */
  readonly klCoefficient?: number;
  /** Reference policy over the same responses; required if `klCoefficient` is not 0. */
  readonly reference?: FinitePolicy;
}

/**
 * Contribution of regularizers to the drift under the natural gradient:
 * `entropyCoefficient * phi'(H) * Var[S] + klCoefficient * (Var[S] - Cov[S_reference, S])`. It
 * depends only on the state, not on the sampled response.
 * @throws `RangeError` if a number is not finite or the reference has other responses; `TypeError`
 *   if the reference is required and missing.
 * @see arXiv:2605.00425, appendix F.3
 */
export function regularizationDrift(
  policy: FinitePolicy,
  { entropyCoefficient = 0, entropySlope = 1, klCoefficient = 0, reference }: Regularization,
): number {
  const where = "regularizationDrift";
  checkFinite(where, { entropyCoefficient, entropySlope, klCoefficient });
  const { surprisals } = policy;
  const variance = covariance(policy, surprisals, surprisals);
  const bonus = entropyCoefficient * entropySlope * variance;
  if (klCoefficient === 0) return bonus;
  if (reference === undefined) {
    throw new TypeError(`${where}: reference must be given with klCoefficient, got undefined`);
  }
  checkSameLength(where, { surprisals, reference: reference.surprisals });
  return bonus + klCoefficient * (variance - covariance(policy, reference.surprisals, surprisals));
}

/**
 * Theorem 3.2.2 for constant state visitation: the drift of the policy's entropy is the mean of the
 * drifts of all states, weighted by their expected visits.
 *
 * @param visits - Expected visits of each state in a trajectory, `[state]`.
 * @param drifts - Drift of each state's response entropy, `[state]`.
 * @see arXiv:2605.00425
 */
export function policyEntropyDrift(visits: readonly number[], drifts: readonly number[]): number {
  checkSameLength("policyEntropyDrift", { visits, drifts });
  checkFinite("policyEntropyDrift", { visits, drifts });
  return sum(visits.map((count, i) => count * drifts[i]!));
}

/**
 * Contribution of modulation to the drift of a response: `(coefficient - 1) * advantage * (S - H)`.
 * If the coefficient is above 1 exactly where the surprisal is below the entropy, the contribution
 * is positive (toward exploration) for negative advantages and negative (toward exploitation) for
 * positive ones.
 */
export function modulationPressure(
  policy: FinitePolicy,
  response: number,
  advantage: number,
  coefficient: number,
): number {
  return (coefficient - 1) * naturalDrift(policy, response, advantage);
}
