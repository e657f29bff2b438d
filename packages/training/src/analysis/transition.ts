import { formatCount, mean } from "@turnwise/core";
import { meanCurve, pairBySeed, tInterval, type IntervalEstimate } from "@turnwise/statistics";
import { InputError } from "../input-error.ts";
import { plotCurves, type CurveSeries } from "../plot/plot-curves.ts";
import { formatPercent } from "../report/format-numbers.ts";
import type { AnalysisReport } from "./analysis-report.ts";
import { formatSigned } from "./format-numbers.ts";
import type { TrainingRecord } from "./training-records.ts";

/** Metrics that the analysis follows; see docs/metrics.md. */
export const transitionMetrics = [
  "meanTokenEntropy",
  "meanTokenEntropyPositive",
  "meanTokenEntropyNegative",
  "positiveShare",
  "success",
] as const;

/** Metric of {@link transitionMetrics}. */
export type TransitionMetric = (typeof transitionMetrics)[number];

/** Mean over the seeds of an arm at one iteration; with a single seed the interval has width 0. */
export interface TransitionPoint {
  readonly iteration: number;
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** Training of one arm. */
export interface TransitionArm {
  readonly arm: string;
  /** Seeds of the arm, ascending. */
  readonly seeds: readonly number[];
  readonly curves: Readonly<Record<TransitionMetric, readonly TransitionPoint[]>>;
  /**
   * Mean entropy over the first fifth of the iterations, averaged over seeds, nats per token;
   * `lateEntropy` is the mean over the last fifth.
   */
  readonly earlyEntropy: number;
  readonly lateEntropy: number;
  /** Mean success over the last fifth. */
  readonly lateSuccess: number;
  /**
   * First iteration at which most responses have a positive advantage, on average over seeds;
   * absent if there is no such iteration.
   */
  readonly mostlyPositiveFrom?: number;
}

/** Difference between an arm and the arm without modulation, seed by seed. */
export interface TransitionDifference {
  readonly arm: string;
  readonly seeds: readonly number[];
  /**
   * Differences of early entropy, late entropy and late success, `[seed]`; with t intervals for two
   * or more seeds.
   */
  readonly earlyEntropy: SeedDifferences;
  readonly lateEntropy: SeedDifferences;
  readonly lateSuccess: SeedDifferences;
}

/** Paired differences. */
export interface SeedDifferences {
  readonly values: readonly number[];
  readonly interval?: IntervalEstimate;
}

/** Data of `analyse transition`. */
export interface TransitionAnalysis {
  readonly experiment: string;
  readonly arms: readonly TransitionArm[];
  readonly differences: readonly TransitionDifference[];
}

/**
 * Follows, for each arm, the entropy by sign of advantage, the positive share and the success rate
 * over training. AEM shifts entropy up where advantages are negative and down where they are
 * positive, so with rising success, entropy should be higher early and lower late.
 *
 * @param records - Runs or cells of one experiment. Each arm is compared with the arm without
 *   modulation, over the seeds that both have.
 * @throws `InputError` for records of several experiments, two records with the same arm and seed,
 *   or metrics that were not recorded.
 * @see arXiv:2605.00425, analysis C
 */
export function analyzeTransition(records: readonly TrainingRecord[]): TransitionAnalysis {
  const [first, ...rest] = records;
  if (first === undefined)
    throw new InputError("transition: at least one run must be given, got none");
  const other = rest.find(({ experiment }) => experiment !== first.experiment);
  if (other !== undefined) {
    throw new InputError(
      `${other.source}: experiment must be the same as in ${first.source} (${first.experiment}), got ${other.experiment}`,
    );
  }
  const byArm = new Map<string, TrainingRecord[]>();
  for (const record of records) {
    const own = byArm.get(record.arm) ?? [];
    const twin = own.find(({ seed }) => seed === record.seed);
    if (twin !== undefined) {
      throw new InputError(
        `${record.source}: arm ${record.arm} must have each seed only once, got seed ${record.seed} also in ${twin.source}`,
      );
    }
    byArm.set(
      record.arm,
      [...own, record].toSorted((a, b) => a.seed - b.seed),
    );
  }
  const arms = [...byArm.values()];
  return {
    experiment: first.experiment,
    arms: arms.map(summarizeArm),
    differences: arms.flatMap((arm) => {
      if (isPlain(arm[0]!)) return [];
      // Find the arm without modulation whose other settings are the same as this arm's.
      const baseline = arms.find((one) => isPlain(one[0]!) && sharesBase(one[0]!, arm[0]!));
      return baseline === undefined ? [] : [compareArms(arm, baseline)];
    }),
  };
}

const isPlain = ({ modulation }: TrainingRecord): boolean => modulation === "none";

const sharesBase = (a: TrainingRecord, b: TrainingRecord): boolean => a.base === b.base;

function summarizeArm(records: readonly TrainingRecord[]): TransitionArm {
  const share = records.map((record) => getCurve(record, "positiveShare"));
  const positive = averageCurves(share).find(({ estimate }) => estimate > 0.5);
  const meanOver = (measure: (record: TrainingRecord) => number): number =>
    mean(records.map(measure));
  return {
    arm: records[0]!.arm,
    seeds: records.map(({ seed }) => seed),
    curves: Object.fromEntries(
      transitionMetrics.map((metric) => [
        metric,
        averageCurves(records.map((record) => getCurve(record, metric))),
      ]),
    ) as unknown as TransitionArm["curves"],
    earlyEntropy: meanOver((record) => averageFifth(record, "meanTokenEntropy", "first")),
    lateEntropy: meanOver((record) => averageFifth(record, "meanTokenEntropy", "last")),
    lateSuccess: meanOver((record) => averageFifth(record, "success", "last")),
    ...(positive && { mostlyPositiveFrom: positive.iteration }),
  };
}

/** Reads the curve of a metric. @throws `InputError` if the metric was not recorded. */
function getCurve(
  { source, curves }: TrainingRecord,
  metric: TransitionMetric,
): readonly (number | null)[] {
  const curve = curves[metric];
  if (curve !== undefined && curve.length > 0) return curve;
  throw new InputError(`${source}: iterations must have metric ${metric}, got none`);
}

/** Mean of a metric over the first or last fifth of the iterations, at least one. */
function averageFifth(
  record: TrainingRecord,
  metric: TransitionMetric,
  part: "first" | "last",
): number {
  const curve = getCurve(record, metric).filter((value) => value !== null);
  const count = Math.max(1, Math.floor(curve.length / 5));
  return mean(part === "first" ? curve.slice(0, count) : curve.slice(-count));
}

/** Computes the mean over seeds for the iterations that all seeds have. */
function averageCurves(curves: readonly (readonly (number | null)[])[]): TransitionPoint[] {
  const length = Math.min(...curves.map((curve) => curve.length));
  const present = Array.from({ length }, (_, i) => i).filter((i) =>
    curves.every((curve) => curve[i] !== null),
  );
  const values = curves.map((curve) => present.map((i) => curve[i]!));
  if (values.length === 1) {
    return values[0]!.map((value, i) => {
      return { iteration: present[i]! + 1, estimate: value, low: value, high: value };
    });
  }
  return meanCurve(values).map(({ estimate, low, high }, i) => {
    return { iteration: present[i]! + 1, estimate, low, high };
  });
}

function compareArms(
  arm: readonly TrainingRecord[],
  baseline: readonly TrainingRecord[],
): TransitionDifference {
  const bySeed = (
    records: readonly TrainingRecord[],
    measure: (record: TrainingRecord) => number,
  ): Map<number, number> => new Map(records.map((record) => [record.seed, measure(record)]));
  const paired = (measure: (record: TrainingRecord) => number): SeedDifferences => {
    const { differences } = pairBySeed(bySeed(arm, measure), bySeed(baseline, measure));
    return {
      values: differences,
      ...(differences.length > 1 && { interval: tInterval(differences) }),
    };
  };
  const seeds = new Set(baseline.map(({ seed }) => seed));
  return {
    arm: arm[0]!.arm,
    seeds: arm.map(({ seed }) => seed).filter((seed) => seeds.has(seed)),
    earlyEntropy: paired((record) => averageFifth(record, "meanTokenEntropy", "first")),
    lateEntropy: paired((record) => averageFifth(record, "meanTokenEntropy", "last")),
    lateSuccess: paired((record) => averageFifth(record, "success", "last")),
  };
}

/** Creates the plots and paragraph about the transition. */
export function reportTransition(analysis: TransitionAnalysis): AnalysisReport {
  const { arms, differences, experiment } = analysis;
  const seriesOf = (metric: TransitionMetric): CurveSeries[] =>
    arms.map(({ arm, curves }, i) => ({
      name: arm,
      color: i % 6,
      points: curves[metric].map(({ iteration, estimate, low, high }) => {
        return { x: iteration, y: estimate, low, high };
      }),
    }));
  const panel = (title: string, metric: TransitionMetric) => ({ title, series: seriesOf(metric) });
  const numSeeds = Math.max(...arms.map(({ seeds }) => seeds.length));
  const band = numSeeds > 1 ? " Bands: pointwise 95 % t intervals over seeds." : "";
  return {
    name: "transition",
    title: "How do entropy, positive share and success move over training?",
    data: analysis,
    figures: [
      {
        file: "transition-entropy.svg",
        caption: `Mean token entropy of the responses before each update, by the sign of their advantage.${band}`,
        svg: plotCurves({
          title: "Entropy",
          panels: [
            panel("all responses", "meanTokenEntropy"),
            panel("advantage above 0", "meanTokenEntropyPositive"),
            panel("advantage below 0", "meanTokenEntropyNegative"),
          ],
          xLabel: "iteration",
          yLabel: "nats per token",
        }),
      },
      {
        file: "transition-share.svg",
        caption: `Share of responses with a positive advantage, and success of the sampled episodes.${band}`,
        svg: plotCurves({
          title: "Positive share and success",
          panels: [panel("positive share", "positiveShare"), panel("success", "success")],
          xLabel: "iteration",
          yLabel: "share",
        }),
      },
    ],
    paragraph: [
      `${experiment}, first against last fifth of the iterations. ${arms.map(describeArm).join(" ")}`,
      ...differences.map(describeDifference),
      "Paper: GRPO's entropy collapses early; with AEM it stays higher early and ends lower (curves only).",
    ].join(" "),
  };
}

function describeArm(arm: TransitionArm): string {
  const { seeds, earlyEntropy, lateEntropy, lateSuccess, mostlyPositiveFrom } = arm;
  const positive =
    mostlyPositiveFrom === undefined
      ? "the positive share stays at most 50 %"
      : `most responses have a positive advantage from iteration ${mostlyPositiveFrom} on`;
  return `${arm.arm} (${formatCount(seeds.length, "seed")}): entropy ${earlyEntropy.toFixed(3)} to ${lateEntropy.toFixed(3)} nats per token, late success ${formatPercent(lateSuccess)}, ${positive}.`;
}

function describeDifference({ arm, seeds, ...measures }: TransitionDifference): string {
  if (seeds.length === 0) return `${arm} shares no seed with the arm without modulation.`;
  const text = ({ values, interval }: SeedDifferences): string =>
    interval === undefined
      ? formatSigned(values[0]!)
      : `${formatSigned(interval.estimate)} [${formatSigned(interval.low)}, ${formatSigned(interval.high)}]`;
  const scope =
    seeds.length === 1
      ? "one seed, so no interval"
      : `${seeds.length} paired seeds, 95 % t intervals`;
  return `${arm} minus no modulation (${scope}): early entropy ${text(measures.earlyEntropy)}, late entropy ${text(measures.lateEntropy)}, late success ${text(measures.lateSuccess)}.`;
}
