import { plotCurves, type CurveSeries } from "../../plot/plot-curves.ts";
import { plotIntervals } from "../../plot/plot-intervals.ts";
import type { FamilyAnalysis, StudyAnalysis } from "./analyze-study.ts";
import type { Comparison, PairedCurves } from "./compare-arms.ts";
import { judgeComparison } from "./describe-findings.ts";
import { createMeasureFormat, type MeasureFormat } from "./measure-format.ts";
import { describeMetric } from "../study-schema.ts";
import type { CurvePoint } from "./summarize-arm.ts";

/** Figure of a report. */
export interface StudyFigure {
  /** File name within `plots/`. */
  readonly file: string;
  /** Caption, one sentence below the figure. */
  readonly caption: string;
  readonly svg: string;
}

/** Color of treatments; baselines are gray. */
const treatmentColor = 0;
const baselineColor = 5;

/** Draws the figures of a family: differences, learning curves, their differences, entropies. */
export function drawFamilyFigures(
  family: FamilyAnalysis,
  metric: StudyAnalysis["metric"],
): StudyFigure[] {
  const format = createMeasureFormat(metric.measure);
  const { name, comparisons } = family;
  const compared = comparisons.filter(({ paired }) => paired !== undefined);
  if (compared.length === 0) return [];
  const several = new Set(compared.map(({ experiment }) => experiment)).size > 1;
  const panelsOf = (toPanel: (comparison: Comparison) => CurveSeries[]) =>
    compared
      .map((comparison) => {
        const { experiment, treatment, baseline } = comparison;
        const pair = `${treatment} minus ${baseline}`;
        const title = several ? `${experiment}: ${pair}` : pair;
        return { title, series: toPanel(comparison) };
      })
      .filter(({ series }) => series.some(({ points }) => points.length > 1));
  const armsOf = (
    { treatment, baseline }: Comparison,
    curves: PairedCurves,
    scale: number,
  ): CurveSeries[] => [
    toSeries(baseline, baselineColor, curves.baseline, scale),
    toSeries(treatment, treatmentColor, curves.treatment, scale),
  ];
  const curves = panelsOf((one) => armsOf(one, one.curves, format.scale));
  const entropies = panelsOf((one) => armsOf(one, one.entropyCurves, 1));
  const differences = panelsOf(({ curves }) => [
    toSeries("difference", treatmentColor, curves.difference, format.scale),
  ]);
  const band = "Bands: pointwise 95 % t intervals over seeds.";
  return [
    drawDifferences(family, format),
    ...(curves.length === 0
      ? []
      : [
          {
            file: `curves-${name}.svg`,
            caption: `Training ${metric.measure} of sampled episodes, mean over the paired seeds. ${band}`,
            svg: plotCurves({
              title: `Training ${metric.measure}`,
              panels: curves,
              xLabel: "iteration",
              yLabel: format.unit === "" ? metric.measure : format.unit,
            }),
          },
        ]),
    ...(differences.length === 0
      ? []
      : [
          {
            file: `curve-differences-${name}.svg`,
            caption: `Paired difference of the training curves. ${band}`,
            svg: plotCurves({
              title: `Difference in training ${metric.measure}`,
              panels: differences,
              xLabel: "iteration",
              yLabel: format.differenceUnit === "" ? metric.measure : format.differenceUnit,
              zeroLine: true,
            }),
          },
        ]),
    ...(entropies.length === 0
      ? []
      : [
          {
            file: `entropy-${name}.svg`,
            caption: `Mean token entropy of the responses before each update, mean over the paired seeds. ${band}`,
            svg: plotCurves({
              title: "Mean token entropy",
              panels: entropies,
              xLabel: "iteration",
              yLabel: "nats per token",
            }),
          },
        ]),
  ];
}

function drawDifferences(
  { name, comparisons }: FamilyAnalysis,
  format: MeasureFormat,
): StudyFigure {
  const rows = comparisons.flatMap((comparison) => {
    const { experiment, treatment, baseline, seeds, paired, differences } = comparison;
    if (paired === undefined) return [];
    const { estimate, low, high } = paired.difference;
    const scaled = (value: number): number => format.scale * value;
    return [
      {
        label: `${experiment}: ${treatment} minus ${baseline}`,
        color: judgeComparison(comparison) === "holds" ? 2 : treatmentColor,
        estimate: scaled(estimate),
        low: scaled(low),
        high: scaled(high),
        second: { low: scaled(paired.bca.low), high: scaled(paired.bca.high) },
        dots: differences.map(scaled),
        note: `${seeds.length} pairs`,
      },
    ];
  });
  return {
    file: `differences-${name}.svg`,
    caption:
      "Paired differences: mean with its 95 % paired t interval (thin), BCa interval (thick), and each seed's difference (small dots). Green: holds after correction.",
    svg: plotIntervals({
      title: `Treatment minus baseline, family ${name}`,
      rows,
      xLabel: format.differenceUnit === "" ? "difference" : `difference, ${format.differenceUnit}`,
      zeroLine: true,
    }),
  };
}

/** Draws the values of all arms of each experiment, seed by seed. */
export function drawSeedFigures({ arms, metric }: StudyAnalysis): StudyFigure[] {
  const format = createMeasureFormat(metric.measure);
  const scaled = (value: number): number => format.scale * value;
  const experiments = [...new Set(arms.map(({ experiment }) => experiment))];
  return experiments.flatMap((experiment) => {
    const rows = arms.flatMap((one) => {
      const { arm, values, spread } = one;
      if (one.experiment !== experiment || spread === undefined) return [];
      const { mean, tolerance } = spread;
      return [
        {
          label: arm,
          color: treatmentColor,
          estimate: scaled(mean.estimate),
          low: scaled(mean.low),
          high: scaled(mean.high),
          second: { low: scaled(tolerance.low), high: scaled(tolerance.high) },
          dots: values.map(scaled),
          note: `${values.length} seeds`,
        },
      ];
    });
    if (rows.length === 0) return [];
    return [
      {
        file: `seeds-${experiment}.svg`,
        caption:
          "Each seed (small dots), the mean with its 95 % t interval (thin), and the range of 90 % of all seeds with 95 % confidence (thick).",
        svg: plotIntervals({
          title: `${describeMetric(metric)} in ${experiment}`,
          rows,
          xLabel: format.unit === "" ? metric.measure : `${metric.measure}, ${format.unit}`,
        }),
      },
    ];
  });
}

function toSeries(
  name: string,
  color: number,
  points: readonly CurvePoint[],
  scale: number,
): CurveSeries {
  return {
    name,
    color,
    points: points.map(({ iteration, estimate, low, high }) => ({
      x: iteration,
      y: scale * estimate,
      low: scale * low,
      high: scale * high,
    })),
  };
}
