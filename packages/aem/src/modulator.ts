import { checkFinite } from "@turnwise/core";
import { measureUncertainty, type MeasuredUncertainty, type Uncertainty } from "./uncertainty.ts";

/** One response of a batch, with its place, its credit and how sure the policy was of it. */
export interface CreditedResponse {
  /** Names its prompt group. */
  readonly group: number | string;
  /** Names its trajectory within the group. */
  readonly trajectory: number | string;
  /** Index of its turn, from 0. */
  readonly turn: number;
  /** Finished by an estimator. */
  readonly advantage: number;
  readonly uncertainty: Uncertainty;
}

/** What a modulator makes of a batch. */
export interface ModulatedBatch {
  /** Of each response, `[response]`; where tokens differ, the mean over them. */
  readonly advantages: number[];
  /** What each advantage was multiplied by, `[response]`; where tokens differ, the mean over them. */
  readonly coefficients: number[];
  /** Of each token, `[response][token]`; only from a modulator that tells tokens apart. */
  readonly tokenAdvantages?: number[][];
  /** What was known about the responses; `undefined` for an empty batch. */
  readonly uncertainty: Uncertainty["kind"] | undefined;
}

/**
 * Something between estimator and loss that changes advantages by how sure the policy was:
 * {@link entropyModulator}, {@link empgModulator}, {@link identityModulator}, or one of your own,
 * to be held against `modulatorLaws` of `@turnwise/aem/laws`.
 */
export interface Modulator {
  /** Fixes the modulator with all its options. */
  readonly name: string;
  /** Pure: the batch is not changed, and the same batch gives the same result. */
  readonly modulate: (responses: readonly CreditedResponse[]) => ModulatedBatch;
}

/** The modulator that changes nothing. */
export const identityModulator: Modulator = {
  name: "identity",
  modulate: (responses) => {
    const { advantages, uncertainty } = readBatch("identityModulator", responses);
    return { advantages, coefficients: advantages.map(() => 1), uncertainty };
  },
};

/** A batch as numbers, checked. */
export interface ReadBatch {
  readonly advantages: number[];
  readonly measured: readonly MeasuredUncertainty[];
  readonly uncertainty: Uncertainty["kind"] | undefined;
}

/**
 * Checks and measures a batch.
 * @throws `RangeError` for an advantage that is not finite, or an uncertainty out of range;
 *   `TypeError` for uncertainties of different kinds.
 */
export function readBatch(where: string, responses: readonly CreditedResponse[]): ReadBatch {
  const advantages = responses.map(({ advantage }) => advantage);
  checkFinite(where, { advantages });
  const measured = responses.map(({ uncertainty }) => measureUncertainty(uncertainty));
  const kind = measured[0]?.kind;
  measured.forEach((own, index) => {
    if (own.kind === kind) return;
    throw new TypeError(
      `${where}: responses[${index}].uncertainty.kind must be "${kind}", as of the others, got "${own.kind}"`,
    );
  });
  return { advantages, measured, uncertainty: kind };
}
