import type { FamilyAnalysis, StudyAnalysis } from "./analyze-study.ts";
import type { IntervalEstimate } from "@turnwise/statistics";
import type { Comparison } from "./compare-arms.ts";
import {
  entropyFormat,
  formatP,
  createMeasureFormat,
  type MeasureFormat,
} from "./measure-format.ts";
import { describeMetric } from "../study-schema.ts";
import type { Table } from "./render-table.ts";
import type { ArmSummary } from "./summarize-arm.ts";

const alignLeft = (name: string) => ({ name, align: "left" }) as const;
const alignRight = (name: string) => ({ name, align: "right" }) as const;

/** Tabulates a study: arms, arms by task type, and the comparisons of each family. */
export function tabulateStudy(analysis: StudyAnalysis): Table[] {
  const format = createMeasureFormat(analysis.metric.measure);
  return [
    tabulateArms(analysis, format),
    ...tabulateArmKinds(analysis, format),
    ...analysis.families.flatMap((family) => tabulateFamily(family, analysis.metric.measure)),
  ];
}

/** Formats a column header: the name, and the unit in parentheses. */
const formatHeader = (name: string, unit: string): string =>
  unit === "" ? name : `${name} (${unit})`;

/** Removes the unit from a text such as `64.3 %`, for columns with the unit in the header. */
const dropUnit = (text: string): string => text.split(" ")[0]!;

/** Tabulates the results of each arm, one row per experiment and arm. */
export function tabulateArms({ arms, metric }: StudyAnalysis, format: MeasureFormat): Table {
  const number = (value: number | undefined, write = format.value): string =>
    value === undefined ? "-" : dropUnit(write(value));
  return {
    title: `Results by arm: ${describeMetric(metric)} after training`,
    columns: [
      alignLeft("experiment"),
      alignLeft("arm"),
      alignRight("seeds"),
      alignRight(formatHeader("mean", format.unit)),
      alignLeft("95 % interval"),
      alignRight("SD"),
      alignRight("median"),
      alignLeft("range"),
      alignLeft("90 % of seeds"),
      alignRight("training SD"),
      alignRight("evaluation SD"),
      alignRight("area"),
    ],
    rows: arms.map(({ experiment, arm, seeds, values, spread, area }) => [
      experiment,
      arm,
      String(seeds.length),
      number(spread?.mean.estimate ?? values[0]),
      spread ? format.interval(spread.mean) : "-",
      number(spread?.summary.standardDeviation),
      number(spread?.summary.median),
      spread ? format.interval({ low: spread.summary.min, high: spread.summary.max }) : "-",
      spread ? format.interval(spread.tolerance) : "-",
      number(spread?.noise?.training),
      number(spread?.noise?.evaluation),
      number(area?.estimate),
    ]),
    notes: [
      "Interval: t interval of the mean over seeds. 90 % of seeds: normal tolerance interval with 95 % confidence, the range in which a run with a new seed falls. Training and evaluation SD: parts of the SD over seeds. Area: mean of the training curve over iterations.",
    ],
  };
}

/** Tabulates success by task type, one table per experiment with several types. */
function tabulateArmKinds({ arms, metric }: StudyAnalysis, format: MeasureFormat): Table[] {
  const experiments = [...new Set(arms.map(({ experiment }) => experiment))];
  return experiments.flatMap((experiment) => {
    const own = arms.filter((arm) => arm.experiment === experiment);
    const kinds = [...new Set(own.flatMap(({ byKind }) => byKind.map(({ kind }) => kind)))].sort();
    if (kinds.length < 2) return [];
    const cell = (arm: ArmSummary, kind: string): string => {
      const found = arm.byKind.find((one) => one.kind === kind);
      if (found === undefined) return "-";
      return `${rate.value(found.mean.estimate).replace(" %", "")} ${rate.interval(found.mean)}`;
    };
    const rate = metric.measure === "return" ? createMeasureFormat("success") : format;
    return [
      {
        title: `Success by task type in ${experiment} (${[metric.split, metric.mode].filter(Boolean).join(", ")}), %`,
        columns: [alignLeft("task type"), ...own.map(({ arm }) => alignLeft(arm))],
        rows: kinds.map((kind) => [kind, ...own.map((arm) => cell(arm, kind))]),
        notes: ["Mean over seeds with its 95 % t interval."],
      },
    ];
  });
}

/**
 * Tabulates the comparisons of a family: differences of the primary measure, of further measures,
 * and by task type.
 */
export function tabulateFamily(
  family: FamilyAnalysis,
  measure: StudyAnalysis["metric"]["measure"],
): Table[] {
  const format = createMeasureFormat(measure);
  return [
    tabulateDifferences(family, measure, format),
    tabulateSpread(family, format),
    ...tabulateKinds(family, measure === "return" ? createMeasureFormat("success") : format),
  ];
}

const pairColumns = [
  alignLeft("experiment"),
  alignLeft("treatment minus baseline"),
  alignRight("pairs"),
] as const;

const listPairCells = ({ experiment, treatment, baseline, seeds }: Comparison): string[] => [
  experiment,
  `${treatment} minus ${baseline}`,
  String(seeds.length),
];

function tabulateDifferences(
  { name, comparisons }: FamilyAnalysis,
  measure: string,
  format: MeasureFormat,
): Table {
  return {
    title: `Paired differences in ${measure}, family ${name}`,
    columns: [
      ...pairColumns,
      alignRight(formatHeader("difference", format.differenceUnit)),
      alignLeft("95 % interval (paired t)"),
      alignLeft("BCa"),
      alignRight("BCa covers"),
      alignRight("sign-flip p"),
      alignRight("Holm p"),
      alignLeft("P(better)"),
    ],
    rows: comparisons.map((comparison) => {
      const { paired, adjustedP } = comparison;
      if (paired === undefined) return [...listPairCells(comparison), ...fillDashes(7)];
      const { difference, bca, signFlip, improvement } = paired;
      const share = (value: number): string => value.toFixed(2);
      return [
        ...listPairCells(comparison),
        dropUnit(format.difference(difference.estimate)),
        format.differenceInterval(difference),
        format.differenceInterval(bca),
        `${(100 * bca.simulatedCoverage).toFixed(0)} %`,
        formatP(signFlip.p),
        formatP(adjustedP!),
        `${share(improvement.estimate)} [${share(improvement.low)}, ${share(improvement.high)}]`,
      ];
    }),
    notes: [
      "The paired t interval is primary. BCa covers: simulated coverage of the BCa interval, nominally 95 %, with this number of pairs. Sign-flip p: exact, two-sided. Holm p: corrected for all comparisons of the family. P(better): share of seeds in which the treatment is better, with its exact 95 % interval.",
    ],
  };
}

function tabulateSpread({ name, comparisons }: FamilyAnalysis, format: MeasureFormat): Table {
  const estimate = (
    one: IntervalEstimate | undefined,
    { difference, differenceInterval }: MeasureFormat,
  ) =>
    one === undefined ? "-" : `${dropUnit(difference(one.estimate))} ${differenceInterval(one)}`;
  return {
    title: `Learning speed, entropy and noise of the differences, family ${name}`,
    columns: [
      ...pairColumns,
      alignLeft(formatHeader("area under training curve", format.differenceUnit)),
      alignLeft("final entropy (nats)"),
      alignRight(formatHeader("SD", format.differenceUnit)),
      alignLeft("training SD"),
      alignRight("evaluation SD"),
      alignRight("detectable"),
    ],
    rows: comparisons.map((comparison) => {
      const { paired, area, finalEntropy } = comparison;
      if (paired === undefined) return [...listPairCells(comparison), ...fillDashes(6)];
      const { standardDeviation, noise, detectable } = paired;
      const width = (value: number): string => dropUnit(format.width(value));
      return [
        ...listPairCells(comparison),
        estimate(area, format),
        estimate(finalEntropy, entropyFormat),
        width(standardDeviation),
        noise
          ? `${width(noise.training)} ${format.interval({ low: noise.trainingLow, high: noise.trainingHigh })}`
          : "-",
        noise ? width(noise.evaluation) : "-",
        width(detectable),
      ];
    }),
    notes: [
      "Differences with their 95 % paired t intervals; final entropy is the mean token entropy over the last tenth of the iterations. SD: of the differences over seeds, with its parts: training (95 % interval), and evaluation on finitely many tasks. Detectable: difference for which the paired t interval excludes 0 with 80 % power, at this SD and number of pairs.",
    ],
  };
}

/** Tabulates differences by task type, if there are several. */
function tabulateKinds({ name, comparisons }: FamilyAnalysis, format: MeasureFormat): Table[] {
  const rows = comparisons.flatMap((comparison) =>
    comparison.byKind.length < 2
      ? []
      : comparison.byKind.map(({ kind, difference, p, adjustedP }) => [
          ...listPairCells(comparison),
          kind,
          dropUnit(format.difference(difference.estimate)),
          format.differenceInterval(difference),
          formatP(p),
          formatP(adjustedP),
        ]),
  );
  if (rows.length === 0) return [];
  return [
    {
      title: `Paired differences in success by task type, family ${name}`,
      columns: [
        ...pairColumns,
        alignLeft("task type"),
        alignRight(formatHeader("difference", format.differenceUnit)),
        alignLeft("95 % interval (paired t)"),
        alignRight("sign-flip p"),
        alignRight("Holm p"),
      ],
      rows,
      notes: ["Holm p: corrected for the task types of one comparison."],
    },
  ];
}

const fillDashes = (length: number): string[] => Array.from({ length }, () => "-");
