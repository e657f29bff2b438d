import { checkNonNegative, mean } from "@turnwise/core";
import { computeDistances, scaleToMeanOne } from "./modulation-coefficients.ts";
import {
  composeBatch,
  measureBatch,
  modulatorName,
  readBatch,
  type CreditedResponse,
  type Modulator,
} from "./modulator.ts";

/** Options of {@link empgModulator}. */
export interface EmpgOptions {
  /** Strength of a response's own entropy (k), `>= 0`. Default 1. */
  readonly strength?: number;
  /** Strength of the next turn's entropy (k'), `>= 0`. Default 1. */
  readonly futureStrength?: number;
  /** Size of the bonus for leading to a turn with low entropy (zeta), `>= 0`. Default 0.05. */
  readonly futureBonus?: number;
  /** `"remove"` subtracts the batch mean of the advantages at the end. Default `"remove"`. */
  readonly mean?: "remove" | "keep";
}

/**
 * EMPG, the closest relative of AEM. Mean token entropies are scaled to `h` in [0, 1] over the
 * whole batch; the result is `advantage * exp(-k h) / mean(exp(-k h)) + zeta * exp(-k' h[next
 * turn])`, minus the mean over the batch. The last turn of a trajectory has no bonus. Advantages
 * may change sign. The published code adds 1e-8 to both divisors, which changes results by one
 * part in 1e8; here equal entropies give a factor of exactly 1.
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
    name: modulatorName("empg", { strength, futureStrength, futureBonus, mean: meanRule }),
    needs: ["response-entropy"],
    modulate: (responses) => {
      const batch = readBatch("empgModulator", responses);
      if (responses.length === 0) return composeBatch(batch, { coefficients: [] });
      const entropies = measureBatch(batch).map((measured) => measured.mean);
      const scaled = computeDistances(entropies, { minEntropyRange: 0 }) ?? entropies.map(() => 0);
      const coefficients = scaleToMeanOne(scaled.map((h) => Math.exp(-strength * h)));

      const indexOf = new Map(responses.map((response, i) => [turnKey(response, 0), i]));
      const bonuses = responses.map((response) => {
        const next = indexOf.get(turnKey(response, 1));
        return next === undefined ? 0 : futureBonus * Math.exp(-futureStrength * scaled[next]!);
      });
      const modulated = batch.advantages.map(
        (advantage, i) => advantage * coefficients[i]! + bonuses[i]!,
      );
      const center = meanRule === "remove" ? mean(modulated) : 0;
      return composeBatch(batch, {
        coefficients,
        offsets: bonuses.map((bonus) => bonus - center),
      });
    },
  };
}

/** Key of the turn `later` turns after the response's own turn, in the same trajectory. */
function turnKey({ group, trajectory, turn }: CreditedResponse, later: number): string {
  return JSON.stringify([group, trajectory, turn + later]);
}
