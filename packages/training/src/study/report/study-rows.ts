import type { IntervalEstimate } from "@turnwise/statistics";
import type { StudyAnalysis } from "./analyze-study.ts";

const columns = [
  "experiment",
  "family",
  "arm",
  "baseline",
  "taskType",
  "measure",
  "seeds",
  "estimate",
  "low",
  "high",
  "confidence",
  "method",
  "p",
  "adjustedP",
] as const;

type Row = Readonly<Partial<Record<(typeof columns)[number], string | number>>>;

/**
 * Renders all estimates of a study as comma-separated values, one estimate with its interval per
 * line. Lines that name a baseline are paired differences. Rates are in [0, 1].
 */
export function renderStudyCsv(analysis: StudyAnalysis): string {
  const lines = listStudyRows(analysis).map((row) =>
    columns.map((name) => formatField(row[name])).join(","),
  );
  return `${[columns.join(","), ...lines].join("\n")}\n`;
}

function listStudyRows({ arms, families, metric }: StudyAnalysis): Row[] {
  const { measure } = metric;
  const ofArms = arms.flatMap(({ experiment, arm, seeds, spread, area, finalEntropy, byKind }) => {
    const base: Row = { experiment, arm, seeds: seeds.length };
    return [
      ...toEstimateRow(base, measure, "t", spread?.mean),
      ...(spread === undefined
        ? []
        : [
            {
              ...base,
              measure,
              ...toIntervalFields(spread.tolerance),
              method: "tolerance of 90 % of seeds",
            },
          ]),
      ...toEstimateRow(base, "area", "t", area),
      ...toEstimateRow(base, "finalEntropy", "t", finalEntropy),
      ...byKind.flatMap(({ kind, mean }) =>
        toEstimateRow({ ...base, taskType: kind }, "success", "t", mean),
      ),
    ];
  });
  const ofFamilies = families.flatMap((family) =>
    family.comparisons.flatMap((comparison) => {
      const { experiment, treatment, baseline, seeds, paired, byKind, adjustedP } = comparison;
      const base: Row = {
        experiment,
        family: family.name,
        arm: treatment,
        baseline,
        seeds: seeds.length,
      };
      const tested: Row =
        paired === undefined || adjustedP === undefined
          ? base
          : { ...base, p: paired.signFlip.p, adjustedP };
      return [
        ...toEstimateRow(tested, measure, "paired t", paired?.difference),
        ...toEstimateRow(base, measure, "BCa", paired?.bca),
        ...toEstimateRow(
          base,
          "probability of improvement",
          "Clopper-Pearson",
          paired?.improvement,
        ),
        ...toEstimateRow(base, "area", "paired t", comparison.area),
        ...toEstimateRow(base, "finalEntropy", "paired t", comparison.finalEntropy),
        ...byKind.flatMap(({ kind, difference, p, adjustedP }) =>
          toEstimateRow(
            { ...base, taskType: kind, p, adjustedP },
            "success",
            "paired t",
            difference,
          ),
        ),
      ];
    }),
  );
  return [...ofArms, ...ofFamilies];
}

function toEstimateRow(
  base: Row,
  measure: string,
  method: string,
  estimate: IntervalEstimate | undefined,
): Row[] {
  if (estimate === undefined) return [];
  return [{ ...base, measure, estimate: estimate.estimate, ...toIntervalFields(estimate), method }];
}

const toIntervalFields = ({ low, high, confidence }: Omit<IntervalEstimate, "estimate">): Row => ({
  low,
  high,
  confidence,
});

function formatField(value: string | number | undefined): string {
  const text = typeof value === "number" ? String(Number(value.toPrecision(10))) : (value ?? "");
  return /[",\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
