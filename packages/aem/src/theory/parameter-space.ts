import { checkFinite, checkInteger, checkSameLength, sum } from "@turnwise/core";
import { entropyAlong, naturalDirection, probabilityDirection } from "./drift.ts";
import { covariance, expectation, type FinitePolicy } from "./finite-policy.ts";

/**
 * Entropy drift of a policy with logits `features * weights` if the weights take a gradient step on
 * `advantage * log pi(response)`.
 *
 * With the natural gradient (the Fisher matrix of the weights) and features that can move the
 * probabilities anywhere, this is the theorem's `advantage * (S - H)`; with fewer features it is
 * the closest reachable drift in the Fisher metric. With the plain gradient the drift also depends
 * on the features.
 *
 * @param features - `[response][weight]`.
 * @throws `RangeError` if the features have another shape or are not finite; with the natural
 *   gradient also if the Fisher matrix is singular, because some change of the weights does not
 *   change the policy.
 * @see arXiv:2605.00425, appendix F.5
 */
export function featureDrift(
  policy: FinitePolicy,
  features: readonly (readonly number[])[],
  response: number,
  advantage: number,
  gradient: "natural" | "plain",
): number {
  const where = "featureDrift";
  checkSameLength(where, { responses: policy.probabilities, features });
  const numWeights = features[0]?.length ?? 0;
  checkInteger(where, { numWeights }, { min: 1 });
  features.forEach((row, i) => {
    checkFinite(where, { [`features[${i}]`]: row });
    checkSameLength(where, { [`features[0]`]: features[0]!, [`features[${i}]`]: row });
  });
  const column = (weight: number): number[] => features.map((row) => row[weight]!);
  const weights = Array.from({ length: numWeights }, (_, weight) => weight);

  // Gradient of advantage * log pi(response) with respect to the weights: the advantage times the
  // features of the response minus the mean features.
  const toward = naturalDirection(policy, response, advantage);
  const slopes = weights.map((weight) => sum(column(weight).map((f, i) => f * toward[i]!)));
  const step =
    gradient === "plain"
      ? slopes
      : solve(
          weights.map((a) => weights.map((b) => covariance(policy, column(a), column(b)))),
          slopes,
        );
  const logits = features.map((row) => sum(row.map((f, weight) => f * step[weight]!)));
  return entropyAlong(policy, probabilityDirection(policy, logits));
}

/** Solves a system of linear equations by Gaussian elimination with row pivots. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  const size = rows.length;
  const largest = rows.flat().reduce((most, entry) => Math.max(most, Math.abs(entry)), 0);
  for (let pivot = 0; pivot < size; pivot++) {
    let best = pivot;
    for (let row = pivot + 1; row < size; row++) {
      if (Math.abs(rows[row]![pivot]!) > Math.abs(rows[best]![pivot]!)) best = row;
    }
    if (Math.abs(rows[best]![pivot]!) <= 1e-12 * largest) {
      throw new RangeError(
        "featureDrift: the Fisher matrix must be invertible, got a singular one",
      );
    }
    [rows[pivot], rows[best]] = [rows[best]!, rows[pivot]!];
    for (let row = 0; row < size; row++) {
      if (row === pivot) continue;
      const factor = rows[row]![pivot]! / rows[pivot]![pivot]!;
      for (let entry = pivot; entry <= size; entry++) {
        rows[row]![entry]! -= factor * rows[pivot]![entry]!;
      }
    }
  }
  return rows.map((row, i) => row[size]! / row[i]!);
}

/**
 * Cost that AEM's coefficients minimize among all positive coefficients of mean 1: the weighted
 * mean entropy, plus the negative entropy of the coefficients as a penalty for deviating from 1,
 * `sum(c * h) + sum(c * log(c)) / strength`. The minimum is at
 * `exp(-strength * h) / mean(exp(-strength * h))`.
 *
 * @param coefficients - Above 0, `[response]`.
 * @param entropies - Entropies scaled to [0, 1], `[response]`.
 */
export function calibrationCost(
  coefficients: readonly number[],
  entropies: readonly number[],
  strength: number,
): number {
  checkSameLength("calibrationCost", { coefficients, entropies });
  return sum(coefficients.map((c, i) => c * entropies[i]! + (c * Math.log(c)) / strength));
}

/**
 * Cross entropy, nats: the mean surprisal under `other` of responses sampled from `policy`.
 */
export function computeCrossEntropy(policy: FinitePolicy, other: FinitePolicy): number {
  checkSameLength("computeCrossEntropy", { policy: policy.probabilities, other: other.surprisals });
  return expectation(policy.probabilities, other.surprisals);
}
