import {
  createRandom,
  defineLaw,
  expectAllNear,
  expectNear,
  expectThat,
  mean,
  runOptions,
  type Law,
  type LawOptions,
} from "@turnwise/core";
import {
  computeTokenAdvantages,
  partitionScopes as scopesBy,
  type CreditedResponse,
  type ModulatedBatch,
  type ModulationScope,
  type Modulator,
} from "../modulator.ts";
import { measureUncertainty, countTokens } from "../uncertainty.ts";
import { creditedBatchArbitrary } from "./arbitraries.ts";
import { fc } from "./fast-check.ts";

/**
 * Properties that a modulator may claim; each adds a law to those that hold for all modulators.
 *
 * - `"scales"`: each advantage is its coefficient times the base advantage, so that zeros stay
 * zero.
 * - `"keeps-signs"`: no advantage changes its sign.
 * - `"mean-one"`: coefficients have mean 1 over every scope.
 * - `"advantage-blind"`: coefficients do not depend on advantages.
 * - `"independent-scopes"`: results in a scope do not depend on other scopes.
 * - `"order-free"`: results do not depend on the order of responses.
 * - `"favours-certainty"`: within a scope, no response with a larger mean entropy has a larger
 * coefficient; `"favours-uncertainty"` the reverse.
 * - `"shift-invariant"`: adding a constant to all entropies changes nothing.
 * - `"identity-when-flat"`: equal entropies within a scope do not change its advantages.
 */
export type ModulatorClaim =
  | "scales"
  | "keeps-signs"
  | "mean-one"
  | "advantage-blind"
  | "independent-scopes"
  | "order-free"
  | "favours-certainty"
  | "favours-uncertainty"
  | "shift-invariant"
  | "identity-when-flat";

/** Claims of AEM with its defaults. */
export const entropyModulationClaims: readonly ModulatorClaim[] = [
  "scales",
  "keeps-signs",
  "mean-one",
  "advantage-blind",
  "independent-scopes",
  "order-free",
  "favours-certainty",
  "shift-invariant",
  "identity-when-flat",
];

/** Options of {@link modulatorLaws}. */
export interface ModulatorLawOptions extends LawOptions {
  /** Scope of the claims. Default `"group"`. */
  readonly scope?: ModulationScope;
  /**
   * Dead zone of the modulator, nats per token. Cases near its edge are skipped, because rounding
   * decides them. Default 0.1.
   */
  readonly minEntropyRange?: number;
  /** Maximum ratio of the largest to the smallest coefficient of a scope, `>= 1`. */
  readonly maxFactor?: number;
}

/**
 * Laws of modulators. All modulators keep the shape, return finite numbers, do not change their
 * argument, are deterministic and accept an empty batch; each claim adds a law.
 */
export function modulatorLaws(
  modulator: Modulator,
  claims: readonly ModulatorClaim[] = entropyModulationClaims,
  { scope = "group", minEntropyRange = 0.1, maxFactor, ...options }: ModulatorLawOptions = {},
): Law[] {
  /** Every call gets a fresh random stream with the same seed. */
  const modulateOnce = (batch: readonly CreditedResponse[]): ModulatedBatch =>
    modulator.modulate(batch, createRandom("laws"));
  const law = (
    statement: string,
    source: string,
    check: (batch: CreditedResponse[], result: ModulatedBatch) => void,
  ): Law =>
    defineLaw(`${modulator.name}: ${statement}`, source, () =>
      fc.assert(
        fc.property(creditedBatchArbitrary, (batch) => check(batch, modulateOnce(batch))),
        runOptions(options),
      ),
    );
  const listScopes = (batch: readonly CreditedResponse[]): number[][] => scopesBy(batch, scope);
  /** Coefficients fall with entropy (`sign` 1) or rise with it (-1) within each scope. */
  const expectMonotone = (
    batch: readonly CreditedResponse[],
    coefficients: readonly number[],
    sign: 1 | -1,
  ): void => {
    const entropies = batch.map(({ uncertainty }) => measureUncertainty(uncertainty).mean);
    for (const members of listScopes(batch)) {
      for (const a of members) {
        for (const b of members) {
          expectThat(
            sign * (entropies[a]! - entropies[b]!) >= 0 ||
              coefficients[a]! >= coefficients[b]! - 1e-12,
            `coefficients must ${sign === 1 ? "fall" : "rise"} with entropy, got ${coefficients[a]} at entropy ${entropies[a]} and ${coefficients[b]} at ${entropies[b]}`,
          );
        }
      }
    }
  };

  const claimed: Readonly<Record<ModulatorClaim, Law>> = {
    scales: law(
      "an advantage is multiplied by its coefficient",
      "A' = alpha A",
      (batch, result) => {
        batch.forEach(({ advantage }, i) =>
          expectNear(
            `advantages[${i}]`,
            result.advantages[i]!,
            advantage * result.coefficients[i]!,
          ),
        );
      },
    ),
    "keeps-signs": law("no advantage changes its sign", "alpha >= 0", (batch, { advantages }) => {
      batch.forEach(({ advantage }, i) =>
        expectThat(
          advantage * advantages[i]! >= 0 && (advantage !== 0 || advantages[i] === 0),
          `advantage ${advantage} must keep its sign, got ${advantages[i]}`,
        ),
      );
    }),
    "mean-one": law("coefficients have mean 1", "self-calibration", (batch, { coefficients }) => {
      listScopes(batch).forEach((members, i) =>
        expectNear(`mean of scope ${i}`, mean(members.map((index) => coefficients[index]!)), 1),
      );
    }),
    "advantage-blind": law(
      "coefficients do not depend on advantages",
      "alpha is a function of entropies",
      (batch, { coefficients }) => {
        const flipped = batch.map((response) => ({
          ...response,
          advantage: -2 * response.advantage,
        }));
        expectAllNear("coefficient", modulateOnce(flipped).coefficients, coefficients);
      },
    ),
    "independent-scopes": law(
      "a scope does not depend on the others",
      "statistics within a scope",
      (batch, result) => {
        for (const members of listScopes(batch)) {
          const alone = modulateOnce(members.map((index) => batch[index]!));
          expectAllNear(
            "advantage alone",
            alone.advantages,
            members.map((index) => result.advantages[index]!),
          );
        }
      },
    ),
    "order-free": law("responses may be in any order", "a batch is a set", (batch, result) => {
      const reversed = modulateOnce(batch.toReversed());
      expectAllNear("advantage reversed", reversed.advantages, result.advantages.toReversed());
    }),
    "favours-certainty": law(
      "a smaller entropy never gives a smaller coefficient",
      "the map is monotone",
      (batch, { coefficients }) => expectMonotone(batch, coefficients, 1),
    ),
    "favours-uncertainty": law(
      "a larger entropy never gives a smaller coefficient",
      "the map is monotone",
      (batch, { coefficients }) => expectMonotone(batch, coefficients, -1),
    ),
    "shift-invariant": law(
      "adding a constant to all entropies changes nothing",
      "min-max scaling",
      (batch, result) => {
        const before = batch.map(({ uncertainty }) => measureUncertainty(uncertainty).mean);
        // Skip cases at the edge of the dead zone and with almost equal entropies, which rounding
        // decides.
        const nearEdge = listScopes(batch).some((members) => {
          const own = members.map((index) => before[index]!);
          const range = Math.max(...own) - Math.min(...own);
          return range > 0 && (range < 1e-3 || Math.abs(range - minEntropyRange) < 1e-6);
        });
        fc.pre(!nearEdge);
        const shifted = modulateOnce(batch.map((response) => shiftEntropies(response, 0.5)));
        expectAllNear("coefficient", shifted.coefficients, result.coefficients, 1e-6);
      },
    ),
    "identity-when-flat": law(
      "equal entropies do not change advantages",
      "equal entropies do not distinguish responses",
      (batch) => {
        const flat = batch.map((response): CreditedResponse => ({
          ...response,
          uncertainty: { kind: "entropy", entropies: [0.7] },
        }));
        const { advantages } = modulateOnce(flat);
        expectAllNear(
          "advantage",
          advantages,
          flat.map(({ advantage }) => advantage),
          0,
        );
      },
    ),
  };

  const laws = [
    law("keeps the shape, and every number is finite", "contract", (batch, result) => {
      for (const [name, values] of Object.entries({
        advantages: result.advantages,
        coefficients: result.coefficients,
      })) {
        expectThat(values.length === batch.length, `${name} must have length ${batch.length}`);
        expectThat(values.every(Number.isFinite), `${name} must be finite, got ${values.join()}`);
      }
      result.tokenAdvantages?.forEach((tokens, i) => {
        const numTokens = countTokens(batch[i]!.uncertainty);
        expectThat(tokens.length === numTokens, `tokenAdvantages[${i}] must keep its length`);
        expectNear(`mean of tokenAdvantages[${i}]`, mean(tokens), result.advantages[i]!);
      });
    }),
    law(
      "modulated token advantages have the advantage of the response as their mean",
      "contract",
      (batch) => {
        const spread = batch.map((response): CreditedResponse => {
          const numTokens = countTokens(response.uncertainty);
          const center = (numTokens - 1) / 2;
          return {
            ...response,
            tokenAdvantages: Array.from(
              { length: numTokens },
              (_, token) => response.advantage + token - center,
            ),
          };
        });
        const result = modulateOnce(spread);
        computeTokenAdvantages(spread, result).forEach((tokens, i) => {
          expectThat(tokens.length === spread[i]!.tokenAdvantages!.length, "must keep all tokens");
          expectNear(`mean over tokens of response ${i}`, mean(tokens), result.advantages[i]!);
        });
      },
    ),
    law("does not change its argument and is deterministic", "contract", (batch, result) => {
      const before = JSON.stringify(batch);
      const again = modulateOnce(batch);
      expectThat(JSON.stringify(batch) === before, "must not change its argument");
      expectThat(
        JSON.stringify(again) === JSON.stringify(result),
        "must return the same result twice",
      );
    }),
    defineLaw(`${modulator.name}: an empty batch stays empty`, "contract", () => {
      const { advantages, coefficients } = modulateOnce([]);
      expectThat(advantages.length + coefficients.length === 0, "must return an empty batch");
    }),
    ...claims.map((claim) => claimed[claim]),
  ];
  if (maxFactor !== undefined) {
    laws.push(
      law(
        `coefficients span at most a factor of ${maxFactor}`,
        "exp(lambda)",
        (batch, { coefficients }) => {
          for (const members of listScopes(batch)) {
            const own = members.map((index) => coefficients[index]!);
            const factor = Math.max(...own) / Math.min(...own);
            expectThat(
              factor <= maxFactor * (1 + 1e-9),
              `factor must be at most ${maxFactor}, got ${factor}`,
            );
          }
        },
      ),
    );
  }
  return laws;
}

function shiftEntropies(response: CreditedResponse, by: number): CreditedResponse {
  const { tokens } = measureUncertainty(response.uncertainty);
  return {
    ...response,
    uncertainty: { kind: "entropy", entropies: (tokens ?? []).map((entropy) => entropy + by) },
  };
}
