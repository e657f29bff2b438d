import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import uPlot from "uplot";
import type { Curve } from "../data/curves.ts";
import { short } from "../format.ts";
import { colour, theme } from "../theme.ts";

/** Line of a chart. */
export interface ChartSeries {
  readonly label: string;
  /** Name of a theme colour: `--series-1`. */
  readonly colour: string;
  readonly curve: Curve;
  readonly kind?: "line" | "dashed" | "points" | "faint";
}

interface ChartProps {
  readonly title: string;
  /** Unit or explanation, after the title. */
  readonly unit?: string;
  readonly series: readonly ChartSeries[];
  /** Limits that the axis always includes; `null` takes a limit from the data. */
  readonly range?: readonly [number | null, number | null];
  readonly format?: (value: number) => string;
  /** Stacked areas, the lowest first. */
  readonly isStacked?: boolean;
  /** Called with the iteration under the pointer. */
  readonly onPick?: (iteration: number) => void;
}

const height = 150;

/**
 * A chart over iterations, with its legend, which shows the values under the pointer or the last
 * values.
 */
export function Chart(props: ChartProps): JSX.Element {
  const {
    title,
    unit,
    series,
    range = [null, null],
    format = short,
    isStacked = false,
    onPick,
  } = props;
  const container = useRef<HTMLDivElement>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const { x, columns, layers } = useMemo(() => alignSeries(series, isStacked), [series, isStacked]);

  const pick = useRef(onPick);
  pick.current = onPick;
  const plot = useRef<uPlot | null>(null);
  // Other layers or another theme need a new plot. New values do not: the plot is updated.
  const shape = layers.map(({ kind, colour: name }) => `${kind}${name}`).join() + theme.value;
  useEffect(() => {
    const element = container.current!;
    const created = new uPlot(
      plotOptions({ width: element.clientWidth, layers, range, format, isStacked, setCursor }),
      [x, ...columns] as uPlot.AlignedData,
      element,
    );
    plot.current = created;
    const observer = new ResizeObserver(() =>
      created.setSize({ width: element.clientWidth, height }),
    );
    observer.observe(element);
    const choose = (): void => {
      const at = created.cursor.idx;
      if (at !== null && at !== undefined) pick.current?.(created.data[0][at]!);
    };
    created.over.addEventListener("click", choose);
    return () => {
      observer.disconnect();
      created.destroy();
      plot.current = null;
    };
  }, [shape]);
  useEffect(() => plot.current?.setData([x, ...columns] as uPlot.AlignedData), [x, columns]);

  const shown = series.filter(({ kind }) => kind !== "faint");
  const at = cursor === null ? undefined : x[cursor];
  const values = shown.map(({ curve }) => valueAt(curve, at));
  const summary = shown
    .map(({ label }, i) => `${label} ${values[i] === undefined ? "no value" : format(values[i])}`)
    .join(", ");
  return (
    <figure class="chart">
      <figcaption>
        <b>{title}</b>
        {unit !== undefined && <span class="quiet"> {unit}</span>}
        <span class="at quiet">{at === undefined ? "" : `iteration ${at}`}</span>
      </figcaption>
      <div
        ref={container}
        class={onPick === undefined ? "plot" : "plot pickable"}
        role="img"
        aria-label={`${title}: ${summary}`}
      />
      <ul class="legend">
        {shown.map(({ label, colour: name, kind }, i) => (
          <li key={label}>
            <i class={kind ?? "line"} style={{ color: `var(${name})` }} />
            {label} <span class="number">{values[i] === undefined ? "–" : format(values[i])}</span>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** Value at an iteration; the last value if no iteration is given. */
function valueAt({ x, y }: Curve, at: number | undefined): number | undefined {
  if (at !== undefined) return y[x.indexOf(at)] ?? undefined;
  return y.findLast((value) => value !== null) ?? undefined;
}

interface Layer {
  readonly kind: NonNullable<ChartSeries["kind"]> | "edge" | "area";
  readonly colour: string;
  readonly label: string;
  /** Index of the column with the other edge of a band. */
  readonly bandWith?: number;
}

interface Aligned {
  readonly x: number[];
  readonly columns: (number | null)[][];
  readonly layers: readonly Layer[];
}

/**
 * Columns of all series over all iterations: edges of bands first, so that lines are drawn over
 * them.
 */
function alignSeries(series: readonly ChartSeries[], isStacked: boolean): Aligned {
  const x = [...new Set(series.flatMap(({ curve }) => curve.x))].sort((a, b) => a - b);
  const position = new Map(x.map((value, i) => [value, i]));
  const spread = (curve: Curve, values: readonly (number | null)[]): (number | null)[] => {
    const column = Array<number | null>(x.length).fill(null);
    curve.x.forEach((at, i) => (column[position.get(at)!] = values[i]!));
    return column;
  };
  const columns: (number | null)[][] = [];
  const layers: Layer[] = [];
  if (isStacked) {
    const total = Array<number>(x.length).fill(0);
    const stacked = series.map(({ curve }) =>
      spread(curve, curve.y).map((value, i) => (total[i]! += value ?? 0)),
    );
    // The highest area first, so that the lower areas are drawn over it.
    for (let i = series.length - 1; i >= 0; i--) {
      columns.push(stacked[i]!);
      layers.push({ kind: "area", colour: series[i]!.colour, label: series[i]!.label });
    }
    return { x, columns, layers };
  }
  for (const { curve, colour, label } of series) {
    if (curve.low === undefined || curve.high === undefined) continue;
    columns.push(spread(curve, curve.high), spread(curve, curve.low));
    const low = columns.length;
    layers.push({ kind: "edge", colour, label, bandWith: low }, { kind: "edge", colour, label });
  }
  for (const { curve, colour, label, kind = "line" } of series) {
    columns.push(spread(curve, curve.y));
    layers.push({ kind, colour, label });
  }
  return { x, columns, layers };
}

interface PlotParts {
  readonly width: number;
  readonly layers: readonly Layer[];
  readonly range: readonly [number | null, number | null];
  readonly format: (value: number) => string;
  readonly isStacked: boolean;
  readonly setCursor: (index: number | null) => void;
}

function plotOptions({
  width,
  layers,
  range,
  format,
  isStacked,
  setCursor,
}: PlotParts): uPlot.Options {
  const grid = { stroke: colour("--line"), width: 1 };
  const axis = {
    stroke: colour("--quiet"),
    grid,
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  };
  const bands = layers.flatMap(({ bandWith, colour: name }, i) =>
    bandWith === undefined
      ? []
      : [{ series: [i + 1, bandWith] as [number, number], fill: `${colour(name)}2e` }],
  );
  return {
    width,
    height,
    legend: { show: false },
    cursor: { sync: { key: "iterations" }, drag: { x: true, y: false }, points: { size: 5 } },
    scales: { x: { time: false }, y: { range: (_, low, high) => limits(range, low, high) } },
    axes: [
      { ...axis, size: 26, gap: 5, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
      { ...axis, size: 46, gap: 4, values: (_, splits) => splits.map((value) => format(value)) },
    ],
    bands,
    series: [{}, ...layers.map((layer) => seriesOptions(layer, isStacked))],
    hooks: { setCursor: [(plot) => setCursor(plot.cursor.idx ?? null)] },
  };
}

function seriesOptions({ kind, colour: name, label }: Layer, isStacked: boolean): uPlot.Series {
  const stroke = colour(name);
  if (kind === "edge") return { label, width: 0, points: { show: false } };
  if (kind === "points") {
    return { label, stroke, width: 0, points: { show: true, size: 7, fill: stroke, width: 0 } };
  }
  return {
    label,
    stroke: kind === "faint" ? `${stroke}55` : stroke,
    width: kind === "faint" ? 1 : isStacked ? 0.5 : 1.75,
    spanGaps: true,
    ...(kind === "dashed" && { dash: [5, 4] }),
    ...(kind === "area" && { fill: stroke }),
    points: { show: false },
  };
}

/** Limits of the axis: the given limits, or the range of the data with a margin. */
function limits(
  [fixedLow, fixedHigh]: readonly [number | null, number | null],
  low: number | null,
  high: number | null,
): [number, number] {
  const [from, to] = [fixedLow ?? low ?? 0, fixedHigh ?? high ?? 1];
  const margin = to > from ? 0.06 * (to - from) : Math.abs(to) * 0.1 || 0.5;
  return [fixedLow ?? from - margin, fixedHigh ?? to + margin];
}
