import { useMemo } from "preact/hooks";
import type { JSX } from "preact";
import { Chart, type ChartSeries } from "../charts/chart.tsx";
import {
  groupCurve,
  iterationsOf,
  measuredCurve,
  metricAt,
  metricCurve,
  type Curve,
} from "../data/curves.ts";
import type { ViewedRun } from "../data/load-runs.ts";
import { secondsOf } from "../data/summarize-run.ts";
import { count, duration, percent, short } from "../format.ts";
import { navigate } from "../route.ts";
import { table } from "../state.ts";
import type { TrajectoryTable } from "../data/trajectory-table.ts";

/** Curves of one run. A click on a point lists the trajectories of its iteration. */
export function RunCharts({ run }: { readonly run: ViewedRun }): JSX.Element {
  const rows = table.value;
  // Memoize separately, because only charts from indexes change while indexes are read.
  const recorded = useMemo(() => metricCharts(run), [run]);
  const measured = useMemo(() => episodeCharts(run, rows), [run, rows]);
  const charts = [...measured.first, ...recorded.first, ...measured.second, ...recorded.second];
  const pick = (iteration: number): void =>
    navigate({ page: "trajectories", query: `iteration=${iteration} stage:iteration`, sort: "" });
  if (iterationsOf(run).length === 0) {
    return (
      <p class="quiet">No iteration is complete yet; curves appear after the first iteration.</p>
    );
  }
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Iterations</h2>
      <div class="charts">
        {charts.map((chart) => (
          <Chart key={chart.title} {...chart} onPick={pick} />
        ))}
      </div>
    </section>
  );
}

type ChartOf = Omit<Parameters<typeof Chart>[0], "onPick">;

function line(label: string, curve: Curve, colour = 1, kind?: ChartSeries["kind"]): ChartSeries {
  return { label, curve, colour: `--series-${colour}`, ...(kind !== undefined && { kind }) };
}

/** Charts from metrics, placed before and after the charts from indexes. */
interface ChartParts {
  readonly first: readonly ChartOf[];
  readonly second: readonly ChartOf[];
}

/** Charts of values of single episodes, from the indexes. */
function episodeCharts(run: ViewedRun, rows: TrajectoryTable): ChartParts {
  const first: ChartOf[] = [
    {
      title: "Success",
      unit: "95 % interval over groups",
      range: [0, null],
      format: (value) => percent(value),
      series: [
        line("sampled", measuredCurve(rows, run, "success")),
        ...evaluationCurves(run).map(({ label, curve }, i) => line(label, curve, 2 + i, "points")),
      ],
    },
    {
      title: "Return",
      unit: "95 % interval over groups",
      series: [line("mean", measuredCurve(rows, run, "return"))],
    },
  ];
  return { first: withValues(first), second: withValues([groupChart(run, rows)]) };
}

/** Charts of metrics and times. */
function metricCharts(run: ViewedRun): ChartParts {
  const metric = (name: string): Curve => metricCurve(run, name);
  const coefficients: Curve = {
    ...metric("coefficientMax"),
    low: metric("coefficientMin").y,
    high: metric("coefficientMax").y,
  };
  const first: ChartOf[] = [
    {
      title: "Entropy by sign of advantage",
      unit: "nats per token",
      series: [
        line("advantage > 0", metric("meanTokenEntropyPositive"), 1),
        line("advantage < 0", metric("meanTokenEntropyNegative"), 2),
        line("all", metric("meanTokenEntropy"), 3, "dashed"),
      ],
    },
    {
      title: "Coefficients",
      unit: "range, and share of groups in the dead zone",
      range: [0, null],
      series: [
        line("largest", coefficients, 1),
        line("smallest", metric("coefficientMin"), 1, "dashed"),
        line("dead zone", metric("deadZoneShare"), 2),
      ],
    },
  ];
  const second: ChartOf[] = [
    {
      title: "Clip fraction",
      unit: "share of tokens",
      range: [0, null],
      format: (value) => percent(value, 1),
      series: [line("clipped", metric("clipFraction"))],
    },
    {
      title: "KL",
      unit: "k3, nats per token",
      range: [0, null],
      series: [
        line("new to old", metric("oldNewKlK3")),
        line("to reference", metric("referenceKl"), 2),
        line("sampler to learner", metric("samplerKl"), 3, "dashed"),
      ],
    },
    {
      title: "Effective sample size",
      unit: "share of tokens",
      range: [null, 1],
      format: (value) => percent(value, 1),
      series: [line("sampler to learner", metric("samplerEffectiveShare"))],
    },
    {
      title: "Sampler to learner",
      unit: "largest difference of a log-prob, nats",
      range: [0, null],
      series: [line("largest", metric("samplerDifferenceMax"))],
    },
    {
      title: "Gradient norm",
      unit: "before clipping",
      range: [0, null],
      series: [line("mean over updates", metric("gradientNorm"))],
    },
    phaseChart(run),
    {
      title: "Throughput",
      unit: "tokens per second",
      range: [0, null],
      format: (value) => count(Math.round(value)),
      series: [
        line("sampled", throughput(run, "sampled", "collect"), 1),
        line("trained", throughput(run, "trained", "update"), 2),
      ],
    },
    {
      title: "Malformed and truncated",
      range: [0, null],
      format: (value) => percent(value),
      series: [
        line("malformed responses", metric("invalidActions"), 1),
        line("truncated episodes", metric("truncated"), 2),
      ],
    },
  ];
  return { first: withValues(first), second: withValues(second) };
}

/** Charts of the metrics that a run has. */
function withValues(charts: readonly ChartOf[]): ChartOf[] {
  return charts
    .map((chart) => ({ ...chart, series: chart.series.filter(({ curve }) => hasValues(curve)) }))
    .filter(({ series }) => series.length > 0);
}

const hasValues = ({ y }: Curve): boolean => y.some((value) => value !== null);

function evaluationCurves(run: ViewedRun): { readonly label: string; readonly curve: Curve }[] {
  const lines = run.metrics.filter(({ stage }) => stage === "evaluation");
  const names = [
    ...new Set(lines.map((line) => `${String(line["split"])}, ${String(line["mode"])}`)),
  ];
  return names.map((name) => {
    const own = lines.filter(
      (line) => `${String(line["split"])}, ${String(line["mode"])}` === name,
    );
    return {
      label: name.replaceAll("_", " "),
      curve: {
        x: own.map(({ iteration }) => iteration),
        y: own.map((line) => metricAt(line, "success")),
      },
    };
  });
}

function groupChart(run: ViewedRun, rows: TrajectoryTable): ChartOf {
  const points = groupCurve(rows, run);
  const x = points.map(({ iteration }) => iteration);
  const share = (name: "allSolved" | "mixed" | "noneSolved"): Curve => ({
    x,
    y: points.map(({ counts }) => counts[name] / counts.numGroups),
  });
  return {
    title: "Groups",
    unit: "share of groups, by outcome of their trajectories",
    range: [0, 1],
    format: (value) => percent(value),
    isStacked: true,
    series: [
      { label: "all solved", colour: "--area-3", curve: share("allSolved") },
      { label: "mixed", colour: "--area-1", curve: share("mixed") },
      { label: "none solved", colour: "--area-2", curve: share("noneSolved") },
    ],
  };
}

function phaseChart(run: ViewedRun): ChartOf {
  const lines = run.timings.filter(({ stage }) => stage === "iteration");
  const phases = [...new Set(lines.flatMap((line) => Object.keys(secondsOf(line))))];
  const x = lines.map(({ iteration }) => iteration);
  return {
    title: "Phases",
    unit: "seconds of an iteration",
    range: [0, null],
    format: (value) => (value === 0 ? "0" : value < 60 ? short(value) : duration(value)),
    isStacked: true,
    series: phases.map((phase, i) => ({
      label: phase,
      colour: `--area-${1 + (i % 4)}`,
      curve: { x, y: lines.map((line) => secondsOf(line)[phase] ?? 0) },
    })),
  };
}

function throughput(run: ViewedRun, tokens: string, phase: string): Curve {
  const lines = run.timings.filter(({ stage }) => stage === "iteration");
  return {
    x: lines.map(({ iteration }) => iteration),
    y: lines.map((line) => {
      const seconds = secondsOf(line)[phase] ?? 0;
      const number = (line["numTokens"] as Readonly<Record<string, number>> | undefined)?.[tokens];
      return seconds > 0 && number !== undefined ? number / seconds : null;
    }),
  };
}
