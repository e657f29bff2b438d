import { checkNonNegative, mean, type Random } from "@turnwise/core";
import { coefficientsOf, type ModulationOptions } from "./modulation-coefficients.ts";
import { readBatch, type CreditedResponse, type Modulator } from "./modulator.ts";
import { partition } from "./partition.ts";

/** The responses that a response is compared with. */
export type ModulationScope =
  /** All of its prompt group (the paper). */
  | "group"
  /** Those of its own trajectory. */
  | "trajectory"
  /** Those of its group with its turn index. */
  | "turn"
  /** All. */
  | "batch";

/** Options of {@link entropyModulator}: the paper's method, and what its ablations change. */
export interface EntropyModulatorOptions extends ModulationOptions {
  /** Default `"group"`. */
  readonly scope?: ModulationScope;
  /** Who counts more. `"uncertain"` is the reversed ablation. Default `"certain"`. */
  readonly direction?: "certain" | "uncertain";
  /** `"none"`: entropies in nats, not scaled to [0, 1] over their scope. Default `"min-max"`. */
  readonly normalization?: "min-max" | "none";
  /** What stands for a response: the mean over its tokens, or their sum. Default `"mean"`. */
  readonly reduction?: "mean" | "sum";
  /** Whether a response has one coefficient, or each of its tokens one. Default `"response"`. */
  readonly unit?: "response" | "token";
  /** Deals the coefficients of each scope out again at random: same spread, no meaning. */
  readonly shuffle?: Random;
}

/**
 * Adaptive entropy modulation as a {@link Modulator}. With the defaults it is `modulate`.
 *
 * Responses without tokens have no entropy: they keep their advantage and have no say in others'.
 *
 * @throws `RangeError` if an option is out of range. The modulator throws `RangeError` for
 *   advantages that are not finite, uncertainties out of range, and top-k entropies of a scope that
 *   are not known to within `minEntropyRange`, on which its dead zone could not be decided.
 * @see arXiv:2605.00425
 */
export function entropyModulator({
  strength = 1,
  minEntropyRange = 0.1,
  scope = "group",
  direction = "certain",
  normalization = "min-max",
  reduction = "mean",
  unit = "response",
  shuffle,
}: EntropyModulatorOptions = {}): Modulator {
  checkNonNegative("entropyModulator", { strength, minEntropyRange });
  const parts = { strength, minEntropyRange, scope, direction, normalization, reduction, unit };
  const options = { strength, minEntropyRange, direction, normalization };
  const name = Object.entries(parts).map(([part, value]) => `${part}=${value}`);
  if (shuffle !== undefined) name.push(`shuffle=${shuffle.seed}`);

  return {
    name: `entropy-modulator(${name.join(",")})`,
    modulate: (responses) => {
      const { advantages, measured, uncertainty } = readBatch("entropyModulator", responses);
      // One value for each response, or for each of its tokens: lists either way.
      const values = measured.map(({ tokens, mean }) => {
        if (unit === "token" || tokens.length === 0) return tokens;
        return [reduction === "sum" ? mean * tokens.length : mean];
      });
      const coefficients = values.map((own) => own.map(() => 1));
      partition(responses.map((response) => scopeKey(response, scope))).forEach(
        (members, index) => {
          const error = members.reduce((most, i) => Math.max(most, errorOf(i)), 0);
          if (2 * error > minEntropyRange) {
            const { group } = responses[members[0]!]!;
            throw new RangeError(
              `entropyModulator: top-k entropies of group ${group} must be known to within minEntropyRange (${minEntropyRange}), got bounds ${2 * error} apart`,
            );
          }
          let dealt = coefficientsOf(
            members.flatMap((i) => values[i]!),
            options,
          );
          if (shuffle !== undefined) dealt = shuffle.fork(`scope/${index}`).shuffle(dealt);
          let next = 0;
          for (const i of members) coefficients[i] = values[i]!.map(() => dealt[next++]!);
        },
      );

      function errorOf(index: number): number {
        const { error, tokens } = measured[index]!;
        return reduction === "sum" ? error * tokens.length : error;
      }
      const meanCoefficients = coefficients.map((own) => (own.length === 0 ? 1 : mean(own)));
      return {
        advantages: advantages.map((advantage, i) => advantage * meanCoefficients[i]!),
        coefficients: meanCoefficients,
        ...(unit === "token" && {
          tokenAdvantages: coefficients.map((own, i) =>
            own.map((coefficient) => advantages[i]! * coefficient),
          ),
        }),
        uncertainty,
      };
    },
  };
}

/** Names the set of responses that one is compared with. */
export function scopeKey(response: CreditedResponse, scope: ModulationScope): string {
  const { group, trajectory, turn } = response;
  if (scope === "batch") return "";
  // JSON keeps the names 1 and "1", and names with separators in them, apart.
  if (scope === "group") return JSON.stringify(group);
  return JSON.stringify([group, scope === "trajectory" ? trajectory : turn]);
}
