import { checkFinite, checkSameLength, mean, type Random, type RoleSpan } from "@turnwise/core";
import { partition } from "./partition.ts";
import {
  measureUncertainty,
  numTokensOf,
  type MeasuredUncertainty,
  type Uncertainty,
} from "./uncertainty.ts";

/** One response of a batch: its place, its credit, and how sure the policy was of it. */
export interface CreditedResponse {
  /** Names its prompt group. */
  readonly group: number | string;
  /** Names its trajectory within the group. */
  readonly trajectory: number | string;
  /** Index of its turn, from 0. */
  readonly turn: number;
  /** Finished by an estimator; the mean over tokens where these have advantages of their own. */
  readonly advantage: number;
  /** Of each token, `[token]`, where they differ (a critic, REINFORCE++); absent where all are `advantage`. */
  readonly tokenAdvantages?: readonly number[];
  readonly uncertainty: Uncertainty;
  /** Roles of its tokens, where the prompt format knows them; empty where it found none. */
  readonly spans?: readonly RoleSpan[];
}

/** A batch after modulation. */
export interface ModulatedBatch {
  /** Of each response, `[response]`; where tokens differ, the mean over them. */
  readonly advantages: number[];
  /** Factor of each advantage, `[response]`; where tokens differ, the mean over them. */
  readonly coefficients: number[];
  /** Of each token, `[response][token]`, from a modulator that tells tokens apart; else see {@link modulatedTokens}. */
  readonly tokenAdvantages?: number[][];
  /** Kind of uncertainty of the responses; `undefined` for an empty batch. */
  readonly uncertainty: Uncertainty["kind"] | undefined;
}

/** Knowledge about responses that a modulator cannot do without. */
export type ModulatorNeed = "response-entropy" | "token-entropies" | "spans";

/**
 * A step between estimator and loss that changes advantages, usually by how sure the policy was.
 * `compileModulator` makes one from a record; or write your own and hold it to `modulatorLaws` of
 * `@turnwise/aem/laws`.
 */
export interface Modulator {
  /** Fixes the modulator with all its options. */
  readonly name: string;
  /** Knowledge that it reads; empty for none. A run without it is refused before it starts. */
  readonly needs: readonly ModulatorNeed[];
  /**
   * Pure: the batch is not changed, and the same batch and seed give the same result.
   * @param random - Of this iteration: only forks of it are drawn from. A modulator that draws throws
   *   `TypeError` without it.
   */
  readonly modulate: (responses: readonly CreditedResponse[], random?: Random) => ModulatedBatch;
}

/** Knowledge that a run has about its responses. */
export interface KnownOfResponses {
  /** By the learner that scores the batch: of each token, only of each response, or none. */
  readonly entropies: "tokens" | "responses" | "none";
  /** Whether the prompt format gives the roles of tokens. */
  readonly spans: boolean;
}

/** Needs of a modulator that a run does not meet; empty if it meets all. */
export function unmetNeeds({ needs }: Modulator, known: KnownOfResponses): ModulatorNeed[] {
  const isMet: Readonly<Record<ModulatorNeed, boolean>> = {
    "response-entropy": known.entropies !== "none",
    "token-entropies": known.entropies === "tokens",
    spans: known.spans,
  };
  return needs.filter((need) => !isMet[need]);
}

/** The modulator that changes nothing. */
export const identityModulator: Modulator = {
  name: "identity",
  needs: [],
  modulate: (responses) => {
    const batch = readBatch("identityModulator", responses);
    return composeBatch(batch, { coefficients: responses.map(() => 1) });
  },
};

/** A checked batch. */
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
        `${where}: responses[${index}].uncertainty.kind must be "${kind}", as of the others, got "${uncertainty.kind}"`,
      );
    }
    if (tokenAdvantages === undefined) return;
    checkFinite(where, { [`responses[${index}].tokenAdvantages`]: tokenAdvantages });
    checkSameLength(where, {
      [`tokens of responses[${index}]`]: { length: numTokensOf(uncertainty) },
      tokenAdvantages,
    });
  });
  return { responses, advantages, uncertainty: kind };
}

/** Measures the uncertainty of each response. @throws As {@link measureUncertainty}. */
export function measureBatch({ responses }: ReadBatch): MeasuredUncertainty[] {
  return responses.map(({ uncertainty }) => measureUncertainty(uncertainty));
}

/** Unit that has a coefficient of its own. */
export type ModulationUnit = "response" | "token";

/**
 * Entropies as lists, nats: the entropy of each token, `[response][token]`, or the mean token entropy
 * of each response, in a list of one (empty for a response without tokens).
 * @throws `TypeError` for the unit `"token"` if only means are known.
 */
export function entropiesOf(
  where: string,
  measured: readonly MeasuredUncertainty[],
  unit: ModulationUnit,
): (readonly number[])[] {
  return measured.map(({ kind, numTokens, tokens, mean: meanEntropy }, index) => {
    if (unit === "response") return numTokens === 0 ? [] : [meanEntropy];
    if (tokens !== undefined) return tokens;
    throw new TypeError(
      `${where}: responses[${index}].uncertainty must be known token by token, got "${kind}"`,
    );
  });
}

/** Factors of a batch: one for each response, or one for each of its tokens. */
export type BatchFactors = (
  | { readonly coefficients: readonly number[] }
  | { readonly tokenCoefficients: readonly (readonly number[])[] }
) & {
  /** Added to each advantage afterwards, `[response]`. Default: 0. */
  readonly offsets?: readonly number[];
};

/** Factors from lists of coefficients, one list per response in the form of {@link entropiesOf}. */
export function factorsOf(
  coefficients: readonly (readonly number[])[],
  unit: ModulationUnit,
): BatchFactors {
  return unit === "token"
    ? { tokenCoefficients: coefficients }
    : { coefficients: coefficients.map(([own = 1]) => own) };
}

/** A batch whose advantages are multiplied by factors; a response without tokens keeps a factor of 1. */
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
 * The advantage of every token after modulation, `[response][token]`. Where the modulator tells no tokens
 * apart, the tokens of a response share its coefficient and whatever was added to its advantage.
 */
export function modulatedTokens(
  responses: readonly CreditedResponse[],
  { advantages, coefficients, tokenAdvantages }: ModulatedBatch,
): number[][] {
  if (tokenAdvantages !== undefined) return tokenAdvantages;
  return responses.map((response, i) => {
    const coefficient = coefficients[i]!;
    const added = advantages[i]! - response.advantage * coefficient;
    return Array.from(
      { length: numTokensOf(response.uncertainty) },
      (_, token) => (response.tokenAdvantages?.[token] ?? response.advantage) * coefficient + added,
    );
  });
}

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

/** Names the set of responses that one is compared with. */
function scopeKey(response: CreditedResponse, scope: ModulationScope): string {
  const { group, trajectory, turn } = response;
  if (scope === "batch") return "";
  // JSON keeps the names 1 and "1", and names with separators in them, apart.
  if (scope === "group") return JSON.stringify(group);
  return JSON.stringify([group, scope === "trajectory" ? trajectory : turn]);
}

/** Indices of the responses of each scope, in the order of their first members. */
export function scopesOf(
  responses: readonly CreditedResponse[],
  scope: ModulationScope,
): number[][] {
  return partition(responses.map((response) => scopeKey(response, scope)));
}

/**
 * Replaces the values of each scope, given as lists (one value for a response, or one for each of its
 * tokens), by as many others.
 */
export function mapScopes(
  responses: readonly CreditedResponse[],
  scope: ModulationScope,
  values: readonly (readonly number[])[],
  replace: (values: number[], members: readonly number[], index: number) => readonly number[],
): number[][] {
  const result = values.map((own) => [...own]);
  scopesOf(responses, scope).forEach((members, index) => {
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

/** The random source that a modulator draws from. @throws `TypeError` where it is absent. */
export function requireRandom(where: string, random: Random | undefined): Random {
  if (random !== undefined) return random;
  throw new TypeError(`${where}: random must be given, got undefined`);
}

/** A modulator's name with all its options. */
export function modulatorName(
  kind: string,
  options: Readonly<Record<string, number | string | boolean>>,
): string {
  const parts = Object.entries(options).map(([name, value]) => `${name}=${value}`);
  return `${kind}(${parts.join(",")})`;
}
