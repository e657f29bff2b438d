import type { Random } from "@turnwise/core";

/** A token that was drawn, and what its distribution was like. */
export interface DrawnToken {
  readonly token: number;
  /** Under the distribution that it was drawn from, nats. */
  readonly logProb: number;
  /** Of this distribution, nats. */
  readonly entropy: number;
}

/**
 * Draws a token from `softmax(logits / temperature)`, computed in float64 with the maximum taken out.
 * One uniform number decides: the token at which the cumulative probability, in the order of ids,
 * exceeds it.
 * @param temperature - `>= 0`; 0 takes the largest logit, of equal ones the first, with log-prob and
 *   entropy 0, and draws no number.
 * @throws `RangeError` if a logit is NaN or all are infinite.
 */
export function drawToken(logits: Float32Array, temperature: number, random: Random): DrawnToken {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  const largest = logits[best]!;
  if (temperature === 0 && Number.isFinite(largest)) return { token: best, logProb: 0, entropy: 0 };

  // With s = (logit - largest) / temperature: sum(e^s) and sum(e^s * s) give all three.
  const scale = 1 / temperature;
  let total = 0;
  let weighted = 0;
  for (let i = 0; i < logits.length; i++) {
    const shifted = (logits[i]! - largest) * scale;
    const weight = Math.exp(shifted);
    total += weight;
    // A logit of -Infinity has probability 0 and adds nothing.
    if (weight > 0) weighted += weight * shifted;
  }
  if (!Number.isFinite(total)) {
    throw new RangeError(`drawToken: logits must be finite, got a largest of ${largest}`);
  }
  const logTotal = Math.log(total);
  const target = random.next() * total;
  let cumulative = 0;
  let token = best;
  for (let i = 0; i < logits.length; i++) {
    const weight = Math.exp((logits[i]! - largest) * scale);
    cumulative += weight;
    if (cumulative > target) {
      token = i;
      break;
    }
  }
  return {
    token,
    logProb: (logits[token]! - largest) * scale - logTotal,
    entropy: Math.max(0, logTotal - weighted / total),
  };
}
