import { drawFigure, estimateTextWidth } from "./figure.ts";
import { createLinearScale } from "./scale.ts";
import { renderSvgElement, formatSvgPath, renderSvgText } from "./svg.ts";

/** A mean curve with its band. */
export interface CurveSeries {
  readonly name: string;
  /** Color, 0 to 5. */
  readonly color: number;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    readonly low: number;
    readonly high: number;
  }[];
}

/** Options of {@link plotCurves}. */
export interface CurvePlot {
  readonly title: string;
  /** One panel each, with axes of common scale. */
  readonly panels: readonly { readonly title: string; readonly series: readonly CurveSeries[] }[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** Draws a line at y = 0, and includes it. */
  readonly zeroLine?: boolean;
}

const panel = { width: 300, height: 190, left: 52, top: 62, gapX: 34, gapY: 88 };

/** Draws curves with bands in panels, three in a row, as an SVG file. */
export function plotCurves({ title, panels, xLabel, yLabel, zeroLine }: CurvePlot): string {
  const points = panels.flatMap(({ series }) => series.flatMap((one) => one.points));
  const xDomain = computeDomain(points.map(({ x }) => x));
  const yDomain = computeDomain([
    ...points.flatMap(({ low, high, y }) => [low, high, y]),
    ...(zeroLine === true ? [0] : []),
  ]);
  const numColumns = panels.length === 4 ? 2 : Math.min(3, Math.max(1, panels.length));
  const numRows = Math.max(1, Math.ceil(panels.length / numColumns));
  const drawn = panels.map(({ title, series }, i) => {
    const left = panel.left + (i % numColumns) * (panel.width + panel.gapX);
    const top = panel.top + Math.floor(i / numColumns) * (panel.height + panel.gapY);
    const right = left + panel.width - 16;
    const bottom = top + panel.height;
    const x = createLinearScale(xDomain, [left, right], 5, true);
    const y = createLinearScale(yDomain, [bottom, top], 5);
    const grid = y.ticks.map((tick) =>
      renderSvgElement("path", {
        class: zeroLine === true && Math.abs(tick) < 1e-12 ? "axis" : "grid",
        d: formatSvgPath([
          [left, y.at(tick)],
          [right, y.at(tick)],
        ]),
      }),
    );
    const labels = [
      ...y.ticks.map((tick) =>
        renderSvgText(y.label(tick), {
          class: "dim",
          x: left - 6,
          y: y.at(tick) + 4,
          "text-anchor": "end",
        }),
      ),
      ...x.ticks.map((tick) =>
        renderSvgText(x.label(tick), {
          class: "dim",
          x: x.at(tick),
          y: bottom + 17,
          "text-anchor": "middle",
        }),
      ),
    ];
    const curves = series.flatMap(({ color, points }) => {
      if (points.length === 0) return [];
      const upper = points.map(({ x: at, high }) => [x.at(at), y.at(high)] as const);
      const lower = points.map(({ x: at, low }) => [x.at(at), y.at(low)] as const).reverse();
      return [
        renderSvgElement("path", {
          class: `band c${color}`,
          d: `${formatSvgPath([...upper, ...lower])}Z`,
        }),
        renderSvgElement("path", {
          class: `line c${color}`,
          d: formatSvgPath(points.map((point) => [x.at(point.x), y.at(point.y)])),
        }),
      ];
    });
    return [
      renderSvgText(title, { x: left, y: top - 8 }),
      ...grid,
      ...labels,
      ...curves,
      ...drawLegend(series, left, bottom + 33),
    ].join("");
  });
  const size = {
    width: panel.left + numColumns * (panel.width + panel.gapX) - panel.gapX,
    height: panel.top + numRows * (panel.height + panel.gapY) - panel.gapY + 48,
  };
  return drawFigure(size, `${title} (${yLabel}) by ${xLabel}`, ...drawn);
}

/** Draws the names of series next to their color, in a row; none for a single series. */
function drawLegend(series: readonly CurveSeries[], left: number, y: number): string[] {
  if (series.length < 2) return [];
  let x = left;
  return series.map(({ name, color }) => {
    const entry =
      renderSvgElement("rect", {
        class: `dot c${color}`,
        x,
        y: y - 9,
        width: 10,
        height: 10,
        rx: 2,
      }) + renderSvgText(name, { x: x + 14, y });
    x += 26 + estimateTextWidth(name);
    return entry;
  });
}

function computeDomain(values: readonly number[]): readonly [number, number] {
  if (values.length === 0) return [0, 1];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const margin = 0.03 * (high - low);
  return [low - margin, high + margin];
}
