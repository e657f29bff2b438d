/**
 * Computes a lower bound of an entropy when only the largest probabilities are known: the missing
 * mass counts as one further outcome. With missing mass `e`, the entropy is at most `e * ln(number
 * of unknown outcomes)` higher.
 * @param logProbs - Log-probs of the known outcomes, nats.
 * @returns The bound, nats, at least 0.
 */
export function topEntropy(logProbs: readonly number[]): number {
  let entropy = 0;
  let mass = 0;
  for (const logProb of logProbs) {
    const probability = Math.exp(logProb);
    mass += probability;
    entropy -= probability * logProb || 0;
  }
  const missing = 1 - mass;
  if (missing > 0) entropy -= missing * Math.log(missing);
  return Math.max(0, entropy);
}
