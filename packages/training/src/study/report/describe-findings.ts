import { formatCount } from "@turnwise/core";
import type { FamilyAnalysis, PlannedComparison, StudyAnalysis } from "./analyze-study.ts";
import { formatP, createMeasureFormat, type MeasureFormat } from "./measure-format.ts";

/** Significance level for corrected p values. */
const level = 0.05;

/**
 * Result of a comparison: a difference that is significant after correction, a difference that is
 * significant only without correction, no significant difference, or too few pairs.
 */
export type Finding = "holds" | "unconfirmed" | "not seen" | "too few pairs";

/**
 * Judges a comparison: it holds if the sign-flip p, corrected within its family, is below 5 % and the
 * 95 % interval excludes 0; it is unconfirmed if only the interval excludes 0.
 */
export function judgeComparison({ paired, adjustedP }: PlannedComparison): Finding {
  if (paired === undefined) return "too few pairs";
  const excludesZero = paired.difference.low > 0 || paired.difference.high < 0;
  if (!excludesZero) return "not seen";
  return adjustedP! < level ? "holds" : "unconfirmed";
}

/**
 * Describes the findings of a study: for each family, a sentence with counts and one sentence per
 * comparison.
 */
export function describeFindings({ families, metric }: StudyAnalysis): string[][] {
  return families.map((family) => [
    describeFamily(family),
    ...family.comparisons.map((one) =>
      describeComparison(one, createMeasureFormat(metric.measure)),
    ),
  ]);
}

function describeFamily({ name, comparisons }: FamilyAnalysis): string {
  const count = (finding: Finding): number =>
    comparisons.filter((one) => judgeComparison(one) === finding).length;
  const parts = (
    [
      ["holds", "a difference holds in"],
      ["unconfirmed", "the interval excludes 0 but the corrected test does not confirm it in"],
      ["not seen", "no difference was seen in"],
      ["too few pairs", "fewer than two pairs are finished in"],
    ] as const
  )
    .filter(([finding]) => count(finding) > 0)
    .map(([finding, text]) => `${text} ${count(finding)}`);
  return `Family ${name}, ${formatCount(comparisons.length, "comparison")}: ${parts.join(", ")}.`;
}

/** Describes one comparison: its interval and finding, or the smallest detectable difference. */
export function describeComparison(comparison: PlannedComparison, format: MeasureFormat): string {
  const { experiment, treatment, baseline, seeds, paired, adjustedP } = comparison;
  const subject = `${experiment}, ${treatment} minus ${baseline}`;
  if (paired === undefined) {
    return `${subject}: ${formatCount(seeds.length, "finished pair")}; an interval needs two.`;
  }
  const { difference, signFlip, detectable } = paired;
  const finding = judgeComparison(comparison);
  const numbers = `${format.difference(difference.estimate)}, 95 % interval ${format.differenceInterval(difference)}, ${seeds.length} pairs, sign-flip p ${formatP(signFlip.p)}, corrected ${formatP(adjustedP!)}`;
  const words: Readonly<Record<Exclude<Finding, "too few pairs">, string>> = {
    holds: "the difference holds",
    unconfirmed: "not confirmed after correction",
    "not seen": `no difference seen; with 80 % power the interval would exclude 0 for a difference of ${format.width(detectable)} or more`,
  };
  return `${subject}: ${numbers}: ${words[finding as keyof typeof words]}.`;
}

/**
 * Describes the limits due to the number of pairs, independent of the results: with 5 pairs the
 * smallest p is 0.0625, so no result can be significant at 5 %.
 */
export function describeLimits({ comparisons }: FamilyAnalysis): string[] {
  return comparisons.flatMap((comparison) => {
    const { experiment, treatment, baseline, seeds, paired } = comparison;
    if (paired === undefined) return [];
    const smallest = paired.signFlip.smallestP;
    const corrected = Math.min(1, comparisons.length * smallest);
    const subject = `${experiment}, ${treatment} minus ${baseline}: ${seeds.length} pairs cannot give a sign-flip p below ${formatP(smallest)}`;
    if (smallest >= level) {
      return [
        `${subject}, so no difference can be significant at 5 %; the t interval assumes normal differences, and the BCa interval covers ${(100 * paired.bca.simulatedCoverage).toFixed(0)} % instead of 95 %.`,
      ];
    }
    if (corrected < level) return [];
    return [
      `${subject}; corrected for ${comparisons.length} comparisons, the smallest p is ${formatP(corrected)}, so a single difference cannot be significant at 5 %.`,
    ];
  });
}

/**
 * Describes pairs in a family whose cells differ in more than their arms, and seeds without a pair.
 */
export function describePairing({ comparisons }: FamilyAnalysis): string[] {
  return comparisons.flatMap((comparison) => {
    const { experiment, treatment, baseline } = comparison;
    const { unpaired, mixedProcessors, mixedStarts } = comparison;
    const list = (seeds: readonly number[]): string =>
      `seed${seeds.length === 1 ? "" : "s"} ${seeds.join(", ")}`;
    const parts = [
      ...(unpaired.length === 0 ? [] : [`${list(unpaired)} finished in only one arm`]),
      ...(mixedProcessors.length === 0
        ? []
        : [`the arms of ${list(mixedProcessors)} ran on different CPU models`]),
      ...(mixedStarts.length === 0
        ? []
        : [`the arms of ${list(mixedStarts)} started from different warm starts`]),
    ];
    if (parts.length === 0) return [];
    return [`${experiment}, ${treatment} minus ${baseline}: ${parts.join("; ")}.`];
  });
}
