import { compileModulator } from "../compile-modulator.ts";
import { modulationCoefficients, type ModulationOptions } from "../modulation-coefficients.ts";
import type { EntropyModulatorOptions } from "../entropy-modulator.ts";
import type { CreditedResponse } from "../modulator.ts";

/** Number as JSON; texts for the numbers that JSON lacks. */
export type JsonNumber = number | "NaN" | "Infinity" | "-Infinity";

/** Coefficients of one group. */
interface GroupCase {
  readonly name: string;
  readonly options: ModulationOptions;
  /** Mean token entropies, `[response]`. */
  readonly entropies: readonly number[];
  readonly coefficients: readonly number[];
}

/** Response of a batch. */
interface BatchResponse {
  readonly group: number | string;
  readonly trajectory: number | string;
  readonly turn: number;
  readonly advantage: number;
  /** Entropies of the response's tokens, `[token]`. */
  readonly entropies: readonly number[];
}

/** Modulation of a batch. */
interface BatchCase {
  readonly name: string;
  readonly options: EntropyModulatorOptions;
  readonly responses: readonly BatchResponse[];
  readonly coefficients: readonly number[];
  readonly advantages: readonly number[];
}

/** Input that an implementation must refuse. */
interface ErrorCase {
  readonly name: string;
  readonly options: Readonly<Record<string, JsonNumber>>;
  readonly entropies: readonly JsonNumber[];
}

/** Cases that every implementation of AEM must agree with. */
export interface Conformance {
  readonly format: 1;
  readonly about: readonly string[];
  /** Largest relative error of a coefficient or advantage. */
  readonly tolerance: number;
  readonly groups: readonly GroupCase[];
  readonly batches: readonly BatchCase[];
  readonly errors: readonly ErrorCase[];
}

const about = [
  "Adaptive entropy modulation (arXiv:2605.00425): inputs and results, computed by @turnwise/aem in float64.",
  "groups: entropies are the mean token entropies of one group, nats per token; the result is one coefficient per response.",
  "batches: entropies are those of a response's tokens; a response without tokens has the coefficient 1 and does not affect others. scope is group, trajectory (within its group), turn (the same turn of the group), or batch. advantages are coefficient * advantage.",
  "errors: input that must be refused. The texts NaN, Infinity and -Infinity stand for these numbers.",
  "Default options: strength 1, minEntropyRange 0.1, scope group, direction certain.",
];

const groups: readonly (readonly [string, readonly number[], ModulationOptions?])[] = [
  ["worked example", [0.2, 0.5, 1.2]],
  ["order of responses", [1.2, 0.2, 0.5]],
  ["empty group", []],
  ["single response", [0.7]],
  ["equal entropies", [0.4, 0.4, 0.4]],
  ["equal entropies without dead zone", [0.4, 0.4, 0.4], { minEntropyRange: 0 }],
  ["entropies of zero", [0, 0]],
  ["dead zone", [0.2, 0.25, 0.29]],
  ["range just below the dead zone", [0.25, 0.4999999999999999], { minEntropyRange: 0.25 }],
  ["range equal to the dead zone", [0.25, 0.5], { minEntropyRange: 0.25 }],
  ["tiny range without dead zone", [1, 1 + 2 ** -52], { minEntropyRange: 0 }],
  ["zero strength", [0.2, 0.5, 1.2], { strength: 0 }],
  ["strength 0.5", [0.2, 0.5, 1.2], { strength: 0.5 }],
  ["strength 2", [0.2, 0.5, 1.2], { strength: 2 }],
  ["strength so large that weights underflow", [0, 0.5, 1, 0], { strength: 2000 }],
  ["largest entropies", [0, 8.9e307, 1.7e308]],
  ["smallest entropies without dead zone", [0, 5e-324, 1e-323], { minEntropyRange: 0 }],
  ["dead zone larger than every range", [0, 100], { minEntropyRange: 1e300 }],
  ["one outlier among many", [...Array<number>(63).fill(0.3), 12]],
];

/** Three trajectories of two groups. The first group has a trajectory of three turns and one of two. */
const batch: readonly BatchResponse[] = [
  { group: "a", trajectory: 0, turn: 0, advantage: 0.5, entropies: [0.1, 0.3] },
  { group: "a", trajectory: 0, turn: 1, advantage: 0.5, entropies: [0.9] },
  { group: "a", trajectory: 0, turn: 2, advantage: 0.5, entropies: [0, 0.2, 0.1] },
  { group: "b", trajectory: 0, turn: 0, advantage: 1, entropies: [2, 3] },
  { group: "a", trajectory: 1, turn: 0, advantage: -1.5, entropies: [1.4] },
  { group: "a", trajectory: 1, turn: 1, advantage: -1.5, entropies: [0.6, 0.8] },
  { group: "b", trajectory: 0, turn: 1, advantage: 0, entropies: [2.52, 2.53] },
];

const batches: readonly (readonly [string, readonly BatchResponse[], EntropyModulatorOptions?])[] =
  [
    ["prompt group", batch],
    ["trajectory", batch, { scope: "trajectory" }],
    ["turn", batch, { scope: "turn" }],
    ["batch", batch, { scope: "batch" }],
    ["reversed ablation", batch, { direction: "uncertain" }],
    ["dead zone of every trajectory", batch, { scope: "trajectory", minEntropyRange: 10 }],
    [
      "keys 1 and text 1 are two groups",
      [
        { group: 1, trajectory: 0, turn: 0, advantage: 1, entropies: [0] },
        { group: "1", trajectory: 0, turn: 0, advantage: 1, entropies: [1] },
      ],
    ],
    [
      "response without tokens",
      [
        { group: 0, trajectory: 0, turn: 0, advantage: 2, entropies: [] },
        { group: 0, trajectory: 0, turn: 1, advantage: 2, entropies: [0.5] },
        { group: 0, trajectory: 0, turn: 2, advantage: 2, entropies: [1.5] },
      ],
    ],
    ["empty batch", []],
  ];

const errors: readonly ErrorCase[] = [
  { name: "NaN entropy", options: {}, entropies: [0.1, "NaN"] },
  { name: "infinite entropy", options: {}, entropies: ["Infinity", 0.1] },
  { name: "negative entropy", options: {}, entropies: [-0.1, 0.5] },
  { name: "negative strength", options: { strength: -1 }, entropies: [0.1, 0.5] },
  { name: "NaN strength", options: { strength: "NaN" }, entropies: [0.1, 0.5] },
  { name: "infinite strength", options: { strength: "Infinity" }, entropies: [0.1, 0.5] },
  { name: "negative dead zone", options: { minEntropyRange: -0.1 }, entropies: [0.1, 0.5] },
  { name: "NaN dead zone", options: { minEntropyRange: "NaN" }, entropies: [] },
];

/** Computes all cases with this package. */
export function createConformance(): Conformance {
  return {
    format: 1,
    about,
    tolerance: 1e-12,
    groups: groups.map(([name, entropies, options = {}]) => ({
      name,
      options,
      entropies,
      coefficients: modulationCoefficients(entropies, options),
    })),
    batches: batches.map(([name, responses, options = {}]) => {
      const { coefficients, advantages } = compileModulator({ kind: "aem", ...options }).modulate(
        responses.map(({ entropies, ...response }): CreditedResponse => ({
          ...response,
          uncertainty: { kind: "entropy", entropies },
        })),
      );
      return { name, options, responses, coefficients, advantages };
    }),
    errors,
  };
}

/** Parses a number of the fixture. */
export const toNumber = (value: JsonNumber): number => Number(value);
