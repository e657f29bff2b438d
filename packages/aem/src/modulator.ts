import { checkFinite, checkSameLength, mean, type Random, type RoleSpan } from "@turnwise/core";
import { partition } from "./partition.ts";
import {
  measureUncertainty,
  countTokens,
  type MeasuredUncertainty,
  type Uncertainty,
} from "./uncertainty.ts";

/** Response of a batch: its position, its advantage, and the policy's uncertainty. */
export interface CreditedResponse {
  /** Key of the response's prompt group. */
  readonly group: number | string;
  /** Key of the response's trajectory within the group. */
  readonly trajectory: number | string;
  /** Index of the response's turn, from 0. */
  readonly turn: number;
  /** Advantage finished by an estimator; the mean over tokens if their advantages differ. */
  readonly advantage: number;
  /**
   * Advantage of each token, `[token]`, if tokens differ (with a critic or REINFORCE++); absent if
   * every token has `advantage`.
   */
  readonly tokenAdvantages?: readonly number[];
  readonly uncertainty: Uncertainty;
  /** Token roles, if the prompt format provides them; empty if it found none in this response. */
  readonly spans?: readonly RoleSpan[];
}

/** Batch after modulation. */
export interface ModulatedBatch {
  /** Advantage of each response, `[response]`; the mean over its tokens if they differ. */
  readonly advantages: number[];
  /** Factor of each advantage, `[response]`; the mean over its tokens if they differ. */
  readonly coefficients: number[];
  /**
   * Advantage of each token, `[response][token]`, if the modulator works on tokens; otherwise call
   * {@link computeTokenAdvantages}.
   */
  readonly tokenAdvantages?: number[][];
  /** Kind of uncertainty of the responses; `undefined` for an empty batch. */
  readonly uncertainty: Uncertainty["kind"] | undefined;
}

/** Information about responses that a modulator requires. */
export type ModulatorNeed = "response-entropy" | "token-entropies" | "spans";

/**
 * Step between estimator and loss that changes advantages, usually by the policy's uncertainty.
 * `compileModulator` creates one from a record; or write your own and check it with `modulatorLaws`
 * of `@turnwise/aem/laws`.
 */
export interface Modulator {
  /** Identifies the modulator with all its options. */
  readonly name: string;
  /**
   * Information that the modulator reads; empty for none. A run that lacks it is refused before it
   * starts.
   */
  readonly needs: readonly ModulatorNeed[];
  /**
   * Pure: the batch is not changed, and the same batch and seed give the same result.
   * @param random - Random stream of this iteration; modulators draw only from its forks. A
   *   modulator that needs random numbers throws `TypeError` if it is absent.
   */
  readonly modulate: (responses: readonly CreditedResponse[], random?: Random) => ModulatedBatch;
}

/** Information that a run provides about its responses. */
export interface KnownOfResponses {
  /** Entropies that the learner reports: per token, per response, or none. */
  readonly entropies: "tokens" | "responses" | "none";
  /** True if the prompt format provides the roles of tokens. */
  readonly spans: boolean;
}

/** Lists the needs of a modulator that a run does not meet; empty if it meets all. */
export function findUnmetNeeds({ needs }: Modulator, known: KnownOfResponses): ModulatorNeed[] {
  const isMet: Readonly<Record<ModulatorNeed, boolean>> = {
    "response-entropy": known.entropies !== "none",
    "token-entropies": known.entropies === "tokens",
    spans: known.spans,
  };
  return needs.filter((need) => !isMet[need]);
}

/** Modulator that leaves advantages unchanged. */
export const identityModulator: Modulator = {
  name: "identity",
  needs: [],
  modulate: (responses) => {
    const batch = readBatch("identityModulator", responses);
    return composeBatch(batch, { coefficients: responses.map(() => 1) });
  },
};

/** Batch after its checks, with one entry per response in each list. */
export interface ReadBatch {
  readonly responses: readonly CreditedResponse[];
  readonly advantages: number[];
  readonly uncertainty: Uncertainty["kind"] | undefined;
}

/**
 * Checks a batch.
 * @throws `RangeError` for an advantage that is not finite, or token advantages of another length;
 *   `TypeError` for uncertainties of different kinds.
 */
export function readBatch(where: string, responses: readonly CreditedResponse[]): ReadBatch {
  const advantages = responses.map(({ advantage }) => advantage);
  checkFinite(where, { advantages });
  const kind = responses[0]?.uncertainty.kind;
  responses.forEach(({ uncertainty, tokenAdvantages }, index) => {
    if (uncertainty.kind !== kind) {
      throw new TypeError(
        `${where}: responses[${index}].uncertainty.kind must be "${kind}" as in the other responses, got "${uncertainty.kind}"`,
      );
    }
    if (tokenAdvantages === undefined) return;
    checkFinite(where, { [`responses[${index}].tokenAdvantages`]: tokenAdvantages });
    checkSameLength(where, {
      [`tokens of responses[${index}]`]: { length: countTokens(uncertainty) },
      tokenAdvantages,
    });
  });
  return { responses, advantages, uncertainty: kind };
}

/** Measures the uncertainty of each response. @throws The errors of {@link measureUncertainty}. */
export function measureBatch({ responses }: ReadBatch): MeasuredUncertainty[] {
  return responses.map(({ uncertainty }) => measureUncertainty(uncertainty));
}

/** Unit that gets its own coefficient. */
export type ModulationUnit = "response" | "token";

/**
 * Entropies as lists, nats: the entropy of each token, `[response][token]`, or the mean token
 * entropy of each response, in a list of one (empty for a response without tokens).
 * @throws `TypeError` for the unit `"token"` if only means are known.
 */
export function listEntropies(
  where: string,
  measured: readonly MeasuredUncertainty[],
  unit: ModulationUnit,
): (readonly number[])[] {
  return measured.map(({ kind, numTokens, tokens, mean: meanEntropy }, index) => {
    if (unit === "response") return numTokens === 0 ? [] : [meanEntropy];
    if (tokens !== undefined) return tokens;
    throw new TypeError(
      `${where}: responses[${index}].uncertainty must be given per token, got "${kind}"`,
    );
  });
}

/** Factors of a batch: one per response or one per token. */
export type BatchFactors = (
  | { readonly coefficients: readonly number[] }
  | { readonly tokenCoefficients: readonly (readonly number[])[] }
) & {
  /** Offsets added to the advantages after scaling, `[response]`. Default: 0. */
  readonly offsets?: readonly number[];
};

/**
 * Converts lists of coefficients, one list per response in the form of {@link listEntropies}, to
 * factors.
 */
export function toFactors(
  coefficients: readonly (readonly number[])[],
  unit: ModulationUnit,
): BatchFactors {
  return unit === "token"
    ? { tokenCoefficients: coefficients }
    : { coefficients: coefficients.map(([own = 1]) => own) };
}

/**
 * Multiplies the advantages of a batch by factors; a response without tokens keeps a factor of 1.
 */
export function composeBatch(
  { responses, advantages, uncertainty }: ReadBatch,
  factors: BatchFactors,
): ModulatedBatch {
  const coefficients =
    "coefficients" in factors
      ? [...factors.coefficients]
      : factors.tokenCoefficients.map((own) => (own.length === 0 ? 1 : mean(own)));
  const offsetOf = (index: number): number => factors.offsets?.[index] ?? 0;
  const whole = advantages.map((advantage, i) => advantage * coefficients[i]! + offsetOf(i));
  if ("coefficients" in factors) return { advantages: whole, coefficients, uncertainty };

  const tokenAdvantages = responses.map((response, i) =>
    factors.tokenCoefficients[i]!.map(
      (coefficient, token) =>
        (response.tokenAdvantages?.[token] ?? response.advantage) * coefficient + offsetOf(i),
    ),
  );
  return {
    advantages: tokenAdvantages.map((own, i) => (own.length === 0 ? whole[i]! : mean(own))),
    coefficients,
    tokenAdvantages,
    uncertainty,
  };
}

/**
 * Advantage of every token after modulation, `[response][token]`. If the modulator works on
 * responses, all tokens of a response get the same coefficient and offset.
 */
export function computeTokenAdvantages(
  responses: readonly CreditedResponse[],
  { advantages, coefficients, tokenAdvantages }: ModulatedBatch,
): number[][] {
  if (tokenAdvantages !== undefined) return tokenAdvantages;
  return responses.map((response, i) => {
    const coefficient = coefficients[i]!;
    const added = advantages[i]! - response.advantage * coefficient;
    return Array.from(
      { length: countTokens(response.uncertainty) },
      (_, token) => (response.tokenAdvantages?.[token] ?? response.advantage) * coefficient + added,
    );
  });
}

/** Set of responses with which a response is compared. */
export type ModulationScope =
  /** All responses of the prompt group (the paper). */
  | "group"
  /** Responses of the same trajectory. */
  | "trajectory"
  /** Responses of the group with the same turn index. */
  | "turn"
  /** All responses of the batch. */
  | "batch";

/** Key of the scope that a response belongs to. */
function scopeKey(response: CreditedResponse, scope: ModulationScope): string {
  const { group, trajectory, turn } = response;
  if (scope === "batch") return "";
  // JSON distinguishes the keys 1 and "1", and keys that contain separators.
  if (scope === "group") return JSON.stringify(group);
  return JSON.stringify([group, scope === "trajectory" ? trajectory : turn]);
}

/** Indices of the responses of each scope, in the order of their first members. */
export function partitionScopes(
  responses: readonly CreditedResponse[],
  scope: ModulationScope,
): number[][] {
  return partition(responses.map((response) => scopeKey(response, scope)));
}

/**
 * Maps the values of each scope to new values. Values are lists (one per response or one per token)
 * whose lengths do not change.
 */
export function mapScopes(
  responses: readonly CreditedResponse[],
  scope: ModulationScope,
  values: readonly (readonly number[])[],
  replace: (values: number[], members: readonly number[], index: number) => readonly number[],
): number[][] {
  const result = values.map((own) => [...own]);
  partitionScopes(responses, scope).forEach((members, index) => {
    const replaced = replace(
      members.flatMap((i) => values[i]!),
      members,
      index,
    );
    let next = 0;
    for (const i of members) result[i] = values[i]!.map(() => replaced[next++]!);
  });
  return result;
}

/** Throws `TypeError` if a modulator that needs random numbers has no random stream. */
export function requireRandom(where: string, random: Random | undefined): Random {
  if (random !== undefined) return random;
  throw new TypeError(`${where}: random must be given, got undefined`);
}

/** Name of a modulator with all its options. */
export function modulatorName(
  kind: string,
  options: Readonly<Record<string, number | string | boolean>>,
): string {
  const parts = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return `${kind}(${parts.join(",")})`;
}
