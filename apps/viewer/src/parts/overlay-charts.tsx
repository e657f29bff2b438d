import { useMemo } from "preact/hooks";
import type { JSX } from "preact";
import { Chart, type ChartSeries } from "../charts/chart.tsx";
import type { Arm } from "../data/arms.ts";
import { meanOfCurves, metricCurve } from "../data/curves.ts";
import { percent, short } from "../format.ts";

/** Metrics that are overlaid, with their limits and format. */
const overlaid: readonly {
  readonly title: string;
  readonly unit?: string;
  readonly metric: string;
  readonly range?: readonly [number | null, number | null];
  readonly format?: (value: number) => string;
}[] = [
  { title: "Success", metric: "success", range: [0, null], format: (value) => percent(value) },
  { title: "Return", metric: "return" },
  { title: "Entropy", unit: "nats per token", metric: "meanTokenEntropy", range: [0, null] },
  {
    title: "Entropy, advantage > 0",
    unit: "nats per token",
    metric: "meanTokenEntropyPositive",
    range: [0, null],
  },
  {
    title: "Entropy, advantage < 0",
    unit: "nats per token",
    metric: "meanTokenEntropyNegative",
    range: [0, null],
  },
  { title: "Largest coefficient", metric: "coefficientMax", range: [0, null] },
  {
    title: "Dead zone",
    unit: "share of groups",
    metric: "deadZoneShare",
    range: [0, 1],
    format: (value) => percent(value),
  },
  { title: "Turns", metric: "turns" },
  {
    title: "Clip fraction",
    metric: "clipFraction",
    range: [0, null],
    format: (value) => percent(value, 1),
  },
  { title: "KL, new to old", unit: "k3, nats per token", metric: "oldNewKlK3", range: [0, null] },
  { title: "Gradient norm", metric: "gradientNorm", range: [0, null] },
];

/** Number of colours of the theme. */
const numColours = 6;
/** Maximum number of runs of an arm that are drawn; larger arms show only mean and band. */
const maxFaint = 12;

/** Colour of an arm. */
export const armColour = (position: number): string => `--series-${1 + (position % numColours)}`;

/**
 * Curves of arms: means over seeds with the 95 % band of the mean, and single runs as faint lines.
 */
export function OverlayCharts({ arms }: { readonly arms: readonly Arm[] }): JSX.Element {
  const charts = useMemo(
    () =>
      overlaid.flatMap(({ metric, ...chart }) => {
        const series = arms.flatMap((arm, i) => seriesOf(arm, armColour(i), metric));
        return series.length === 0 ? [] : [{ ...chart, series }];
      }),
    [arms],
  );
  const hasBands = arms.some(({ runs }) => runs.length > 1);
  return (
    <section aria-labelledby="curves">
      <h2 id="curves">Iterations</h2>
      {hasBands && (
        <p class="quiet">
          Means over seeds; bands are pointwise 95 % t intervals of the mean, and faint lines are
          single runs.
        </p>
      )}
      <div class="charts">
        {charts.map((chart) => (
          <Chart key={chart.title} format={short} {...chart} />
        ))}
      </div>
    </section>
  );
}

function seriesOf({ label, runs }: Arm, colour: string, metric: string): ChartSeries[] {
  const curves = runs
    .map((run) => metricCurve(run, metric))
    .filter(({ y }) => y.some((value) => value !== null));
  if (curves.length === 0) return [];
  const faint = curves.length > 1 && curves.length <= maxFaint ? curves : [];
  return [
    ...faint.map((curve, i): ChartSeries => ({
      label: `${label} ${i}`,
      colour,
      curve,
      kind: "faint",
    })),
    { label, colour, curve: meanOfCurves(curves) },
  ];
}
