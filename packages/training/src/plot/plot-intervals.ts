import { drawFigure, estimateTextWidth } from "./figure.ts";
import { createLinearScale } from "./scale.ts";
import { renderSvgElement, formatSvgPath, renderSvgText } from "./svg.ts";

/** A row of {@link plotIntervals}. */
export interface IntervalRow {
  readonly label: string;
  /** Index of the color, 0 to 5. */
  readonly color: number;
  readonly estimate: number;
  /** Ends of the main interval, drawn as a thin line with end marks. */
  readonly low: number;
  readonly high: number;
  /** Ends of a second interval, drawn as a thick line below the first. */
  readonly second?: { readonly low: number; readonly high: number };
  /** Single values, drawn as small dots below the intervals. */
  readonly dots?: readonly number[];
  /** Text at the right end of the row. */
  readonly note?: string;
}

/** Options of {@link plotIntervals}. */
export interface IntervalPlot {
  readonly title: string;
  readonly rows: readonly IntervalRow[];
  readonly xLabel: string;
  /** True to draw a line at 0, which the axis then includes. */
  readonly zeroLine?: boolean;
}

const rowHeight = 36;
const plotWidth = 480;
const top = 48;

/** Draws estimates with their intervals, one row each, as an SVG file. */
export function plotIntervals({ title, rows, xLabel, zeroLine }: IntervalPlot): string {
  const left = 28 + Math.max(0, ...rows.map(({ label }) => estimateTextWidth(label)));
  const noteWidth = Math.max(0, ...rows.map(({ note = "" }) => estimateTextWidth(note)));
  const right = left + plotWidth;
  const bottom = top + rows.length * rowHeight;
  const values = [
    ...rows.flatMap(({ low, high, second, dots = [] }) => [
      low,
      high,
      ...dots,
      ...(second ? [second.low, second.high] : []),
    ]),
    ...(zeroLine === true ? [0] : []),
  ];
  const [lowest, highest] = [Math.min(...values), Math.max(...values)];
  const margin = 0.04 * (highest - lowest);
  const x = createLinearScale([lowest - margin, highest + margin], [left, right], 7);
  const axis = x.ticks.flatMap((tick) => [
    renderSvgElement("path", {
      class: zeroLine === true && Math.abs(tick) < 1e-12 ? "axis" : "grid",
      d: formatSvgPath([
        [x.at(tick), top],
        [x.at(tick), bottom],
      ]),
    }),
    renderSvgText(x.label(tick), {
      class: "dim",
      x: x.at(tick),
      y: bottom + 18,
      "text-anchor": "middle",
    }),
  ]);
  const drawn = rows.flatMap((row, i) => {
    const { label, color, estimate, low, high, second, dots = [], note } = row;
    const y = top + (i + 0.4) * rowHeight;
    const mark = (end: number) =>
      formatSvgPath([
        [x.at(end), y - 5],
        [x.at(end), y + 5],
      ]);
    const line = (from: number, to: number) =>
      formatSvgPath([
        [x.at(from), y],
        [x.at(to), y],
      ]);
    return [
      renderSvgText(label, { x: left - 12, y: y + 4, "text-anchor": "end" }),
      ...(second
        ? [renderSvgElement("path", { class: `thick c${color}`, d: line(second.low, second.high) })]
        : []),
      ...dots.map((dot) =>
        renderSvgElement("circle", {
          class: `dot c${color}`,
          cx: x.at(dot),
          cy: y + 11,
          r: 2.2,
          opacity: 0.6,
        }),
      ),
      renderSvgElement("path", {
        class: `thin c${color}`,
        d: line(low, high) + mark(low) + mark(high),
      }),
      renderSvgElement("circle", { class: `dot c${color}`, cx: x.at(estimate), cy: y, r: 4.5 }),
      ...(note === undefined
        ? []
        : [renderSvgText(note, { class: "dim", x: right + 10, y: y + 4 })]),
    ];
  });
  const size = { width: Math.ceil(right + noteWidth + 24), height: bottom + 48 };
  return drawFigure(
    size,
    title,
    ...axis,
    ...drawn,
    renderSvgText(xLabel, { class: "dim", x: right, y: bottom + 36, "text-anchor": "end" }),
  );
}
