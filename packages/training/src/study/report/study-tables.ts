import type { FamilyAnalysis, StudyAnalysis } from "./analyze-study.ts";
import type { IntervalEstimate } from "@turnwise/statistics";
import type { Comparison } from "./compare-arms.ts";
import { entropyFormat, formatP, measureFormat, type MeasureFormat } from "./measure-format.ts";
import { metricText } from "../study-schema.ts";
import type { Table } from "./render-table.ts";
import type { ArmSummary } from "./summarize-arm.ts";

const left = (name: string) => ({ name, align: "left" }) as const;
const right = (name: string) => ({ name, align: "right" }) as const;

/** Tables of a study: arms, arms by task type, and for each family its comparisons. */
export function studyTables(analysis: StudyAnalysis): Table[] {
  const format = measureFormat(analysis.metric.measure);
  return [
    armTable(analysis, format),
    ...armKindTables(analysis, format),
    ...analysis.families.flatMap((family) => familyTables(family, analysis.metric.measure)),
  ];
}

/** Header of a column: its name, and its unit in parentheses. */
const header = (name: string, unit: string): string => (unit === "" ? name : `${name} (${unit})`);

/** Number of a text such as `64.3 %`, for columns that state their unit. */
const bare = (text: string): string => text.split(" ")[0]!;

/** Results of each arm, one row per experiment and arm. */
export function armTable({ arms, metric }: StudyAnalysis, format: MeasureFormat): Table {
  const number = (value: number | undefined, write = format.value): string =>
    value === undefined ? "-" : bare(write(value));
  return {
    title: `Results by arm: ${metricText(metric)} after training`,
    columns: [
      left("experiment"),
      left("arm"),
      right("seeds"),
      right(header("mean", format.unit)),
      left("95 % interval"),
      right("SD"),
      right("median"),
      left("range"),
      left("90 % of seeds"),
      right("training SD"),
      right("evaluation SD"),
      right("area"),
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

/** Success by task type, one table per experiment with several types. */
function armKindTables({ arms, metric }: StudyAnalysis, format: MeasureFormat): Table[] {
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
    const rate = metric.measure === "return" ? measureFormat("success") : format;
    return [
      {
        title: `Success by task type in ${experiment} (${[metric.split, metric.mode].filter(Boolean).join(", ")}), %`,
        columns: [left("task type"), ...own.map(({ arm }) => left(arm))],
        rows: kinds.map((kind) => [kind, ...own.map((arm) => cell(arm, kind))]),
        notes: ["Mean over seeds with its 95 % t interval."],
      },
    ];
  });
}

/** Comparisons of a family: the primary measure, further differences, differences by task type. */
export function familyTables(
  family: FamilyAnalysis,
  measure: StudyAnalysis["metric"]["measure"],
): Table[] {
  const format = measureFormat(measure);
  return [
    differenceTable(family, measure, format),
    spreadTable(family, format),
    ...kindTables(family, measure === "return" ? measureFormat("success") : format),
  ];
}

const pairColumns = [left("experiment"), left("treatment less baseline"), right("pairs")] as const;

const pairCells = ({ experiment, treatment, baseline, seeds }: Comparison): string[] => [
  experiment,
  `${treatment} less ${baseline}`,
  String(seeds.length),
];

function differenceTable(
  { name, comparisons }: FamilyAnalysis,
  measure: string,
  format: MeasureFormat,
): Table {
  return {
    title: `Paired differences in ${measure}, family ${name}`,
    columns: [
      ...pairColumns,
      right(header("difference", format.differenceUnit)),
      left("95 % interval (paired t)"),
      left("BCa"),
      right("BCa covers"),
      right("sign-flip p"),
      right("Holm p"),
      left("P(better)"),
    ],
    rows: comparisons.map((comparison) => {
      const { paired, adjustedP } = comparison;
      if (paired === undefined) return [...pairCells(comparison), ...dashes(7)];
      const { difference, bca, signFlip, improvement } = paired;
      const share = (value: number): string => value.toFixed(2);
      return [
        ...pairCells(comparison),
        bare(format.difference(difference.estimate)),
        format.differenceInterval(difference),
        format.differenceInterval(bca),
        `${(100 * bca.simulatedCoverage).toFixed(0)} %`,
        formatP(signFlip.p),
        formatP(adjustedP!),
        `${share(improvement.estimate)} [${share(improvement.low)}, ${share(improvement.high)}]`,
      ];
    }),
    notes: [
      "The paired t interval is primary. BCa covers: simulated coverage of the BCa interval, which states 95 %, with this number of pairs. Sign-flip p: exact, two-sided. Holm p: corrected for all comparisons of the family. P(better): share of seeds in which the treatment is better, with its exact 95 % interval.",
    ],
  };
}

function spreadTable({ name, comparisons }: FamilyAnalysis, format: MeasureFormat): Table {
  const estimate = (
    one: IntervalEstimate | undefined,
    { difference, differenceInterval }: MeasureFormat,
  ) => (one === undefined ? "-" : `${bare(difference(one.estimate))} ${differenceInterval(one)}`);
  return {
    title: `Learning speed, entropy and noise of the differences, family ${name}`,
    columns: [
      ...pairColumns,
      left(header("area under training curve", format.differenceUnit)),
      left("final entropy (nats)"),
      right(header("SD", format.differenceUnit)),
      left("training SD"),
      right("evaluation SD"),
      right("detectable"),
    ],
    rows: comparisons.map((comparison) => {
      const { paired, area, finalEntropy } = comparison;
      if (paired === undefined) return [...pairCells(comparison), ...dashes(6)];
      const { standardDeviation, noise, detectable } = paired;
      const width = (value: number): string => bare(format.width(value));
      return [
        ...pairCells(comparison),
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

/** Differences by task type, where there are several. */
function kindTables({ name, comparisons }: FamilyAnalysis, format: MeasureFormat): Table[] {
  const rows = comparisons.flatMap((comparison) =>
    comparison.byKind.length < 2
      ? []
      : comparison.byKind.map(({ kind, difference, p, adjustedP }) => [
          ...pairCells(comparison),
          kind,
          bare(format.difference(difference.estimate)),
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
        left("task type"),
        right(header("difference", format.differenceUnit)),
        left("95 % interval (paired t)"),
        right("sign-flip p"),
        right("Holm p"),
      ],
      rows,
      notes: ["Holm p: corrected for the task types of one comparison."],
    },
  ];
}

const dashes = (length: number): string[] => Array.from({ length }, () => "-");
