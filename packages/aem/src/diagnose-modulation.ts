import { mean } from "@turnwise/core";
import { partition } from "./partition.ts";

/** Statistics of a modulated batch. A mean over no responses is `undefined`. */
export interface ModulationDiagnostics {
  readonly numResponses: number;
  readonly numGroups: number;
  /** Number of responses with a positive advantage; `numNegative`: with a negative advantage. */
  readonly numPositive: number;
  readonly numNegative: number;
  /**
   * Share of groups whose coefficients are all 1: groups in the dead zone, groups of one response,
   * or all groups if modulation is off.
   */
  readonly deadZoneShare: number | undefined;
  readonly minCoefficient: number | undefined;
  readonly maxCoefficient: number | undefined;
  /** Mean token entropy, nats per token, mean over all responses. */
  readonly meanEntropy: number | undefined;
  /** Range of entropies in a group, nats per token, mean over groups. */
  readonly meanEntropyRange: number | undefined;
  /** Share of positive advantages among the nonzero ones. */
  readonly positiveShare: number | undefined;
  /**
   * Mean modulated advantage of responses with a positive advantage; `meanNegativeAdvantage`: with
   * a negative one.
   */
  readonly meanPositiveAdvantage: number | undefined;
  readonly meanNegativeAdvantage: number | undefined;
  /**
   * Mean entropy, nats per token, of responses with a positive advantage; `negativeEntropy`: with a
   * negative one.
   */
  readonly positiveEntropy: number | undefined;
  readonly negativeEntropy: number | undefined;
  /**
   * Mean entropy, nats per token, of responses with a positive (`sharpened`) or negative
   * (`flattened`) product `advantage * (coefficient - 1)`. A positive product means that modulation
   * lowers the policy's entropy, a negative one that modulation raises it.
   */
  readonly sharpenedEntropy: number | undefined;
  readonly flattenedEntropy: number | undefined;
}

/** Input of {@link diagnoseModulation}, one entry per response. */
export interface ModulatedResponses {
  /** Advantages before modulation. */
  readonly advantages: readonly number[];
  /** Mean token entropies, nats per token; absent if unknown. */
  readonly entropies?: readonly number[] | undefined;
  readonly groups: readonly (number | string)[];
  readonly coefficients: readonly number[];
  /** Advantages after modulation. Default: the advantages times the coefficients. */
  readonly modulated?: readonly number[] | undefined;
}

/** Computes statistics of a modulation for logging. */
export function diagnoseModulation({
  advantages,
  entropies,
  groups,
  coefficients,
  modulated = advantages.map((advantage, index) => advantage * coefficients[index]!),
}: ModulatedResponses): ModulationDiagnostics {
  const members = partition(groups);
  const all = advantages.map((_, index) => index);
  const excess = advantages.map((advantage, index) => advantage * (coefficients[index]! - 1));
  const meanOf = (
    values: readonly number[] | undefined,
    of: readonly number[] = all,
  ): number | undefined =>
    values === undefined || of.length === 0 ? undefined : mean(of.map((index) => values[index]!));
  const where = (values: readonly number[], sign: 1 | -1): number[] =>
    all.filter((index) => Math.sign(values[index]!) === sign);

  const positive = where(advantages, 1);
  const negative = where(advantages, -1);
  const isUntouched = members.map((group) => (group.every((i) => coefficients[i] === 1) ? 1 : 0));
  const ranges =
    entropies && members.map((group) => spread(group.map((index) => entropies[index]!)));
  const extreme = (pick: (a: number, b: number) => number): number | undefined =>
    all.length === 0 ? undefined : coefficients.reduce((a, b) => pick(a, b));
  return {
    numResponses: all.length,
    numGroups: members.length,
    numPositive: positive.length,
    numNegative: negative.length,
    deadZoneShare: members.length === 0 ? undefined : mean(isUntouched),
    minCoefficient: extreme(Math.min),
    maxCoefficient: extreme(Math.max),
    meanEntropy: meanOf(entropies),
    meanEntropyRange: ranges === undefined || ranges.length === 0 ? undefined : mean(ranges),
    positiveShare:
      positive.length + negative.length === 0
        ? undefined
        : positive.length / (positive.length + negative.length),
    meanPositiveAdvantage: meanOf(modulated, positive),
    meanNegativeAdvantage: meanOf(modulated, negative),
    positiveEntropy: meanOf(entropies, positive),
    negativeEntropy: meanOf(entropies, negative),
    sharpenedEntropy: meanOf(entropies, where(excess, 1)),
    flattenedEntropy: meanOf(entropies, where(excess, -1)),
  };
}

function spread(values: readonly number[]): number {
  const high = values.reduce((a, b) => Math.max(a, b), -Infinity);
  return high - values.reduce((a, b) => Math.min(a, b), Infinity);
}
