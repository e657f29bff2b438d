import { checkNonNegative, mean } from "@turnwise/core";
import { readBatch, type CreditedResponse, type Modulator } from "./modulator.ts";

/** Options of {@link empgModulator}. */
export interface EmpgOptions {
  /** How strongly a response's own entropy is weighed (k), `>= 0`. Default 1. */
  readonly strength?: number;
  /** How strongly that of the next turn is (k'), `>= 0`. Default 1. */
  readonly futureStrength?: number;
  /** Size of the bonus for leading to a turn that the policy is sure of (zeta), `>= 0`. Default 0.05. */
  readonly futureBonus?: number;
  /** Whether the batch's mean is taken off at the end. Default `"remove"`. */
  readonly mean?: "remove" | "keep";
}

/** Keeps the divisors from being 0, as the published code does. */
const epsilon = 1e-8;

/**
 * EMPG, the closest relative of AEM. Mean token entropies are scaled to `h` in [0, 1] over the whole
 * batch; `advantage * exp(-k h) / mean(exp(-k h)) + zeta * exp(-k' h[next turn])`, less the mean over
 * the batch. The last turn of a trajectory has no bonus. Signs are not kept.
 *
 * @throws `RangeError` if an option is out of range. The modulator throws `RangeError` for
 *   advantages and uncertainties out of range.
 * @see arXiv:2509.09265
 */
export function empgModulator({
  strength = 1,
  futureStrength = 1,
  futureBonus = 0.05,
  mean: meanRule = "remove",
}: EmpgOptions = {}): Modulator {
  checkNonNegative("empgModulator", { strength, futureStrength, futureBonus });
  return {
    name: `empg(strength=${strength},futureStrength=${futureStrength},futureBonus=${futureBonus},mean=${meanRule})`,
    modulate: (responses) => {
      const { advantages, measured, uncertainty } = readBatch("empgModulator", responses);
      if (responses.length === 0) return { advantages, coefficients: [], uncertainty };
      const entropies = measured.map(({ mean }) => mean);
      const low = entropies.reduce((a, b) => Math.min(a, b));
      const high = entropies.reduce((a, b) => Math.max(a, b));
      const scaled = entropies.map((entropy) => (entropy - low) / (high - low + epsilon));
      const weights = scaled.map((h) => Math.exp(-strength * h));
      const meanWeight = mean(weights) + epsilon;
      const coefficients = weights.map((weight) => weight / meanWeight);

      const indexOf = new Map(responses.map((response, i) => [placeKey(response, 0), i]));
      const modulated = advantages.map((advantage, i) => {
        const next = indexOf.get(placeKey(responses[i]!, 1));
        const clarity = next === undefined ? 0 : Math.exp(-futureStrength * scaled[next]!);
        return advantage * coefficients[i]! + futureBonus * clarity;
      });
      const offset = meanRule === "remove" ? mean(modulated) : 0;
      return {
        advantages: modulated.map((advantage) => advantage - offset),
        coefficients,
        uncertainty,
      };
    },
  };
}

/** Names a turn of a trajectory, so many turns after the response's own. */
function placeKey({ group, trajectory, turn }: CreditedResponse, later: number): string {
  return JSON.stringify([group, trajectory, turn + later]);
}
