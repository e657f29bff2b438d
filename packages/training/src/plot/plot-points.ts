import { drawFigure } from "./figure.ts";
import { drawLegend, drawPanels, type PanelPlot } from "./panels.ts";
import { renderSvgElement, formatSvgPath } from "./svg.ts";

/** Points of the same color. */
export interface PointSeries {
  readonly name: string;
  /** Index of the color, 0 to 5. */
  readonly color: number;
  readonly points: readonly {
    readonly x: number;
    readonly y: number;
    /** Half the length of a vertical error bar. Default: no error bar. */
    readonly error?: number;
  }[];
}

/** Options of {@link plotPoints}. */
export interface PointPlot {
  readonly title: string;
  /** Panels, whose axes have the same scale. */
  readonly panels: readonly { readonly title: string; readonly series: readonly PointSeries[] }[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** Value at which a line is drawn; the axis then includes it. */
  readonly xLine?: number;
  readonly yLine?: number;
}

/** Draws points with optional error bars in panels, three per row, as an SVG file. */
export function plotPoints({ title, panels, xLabel, yLabel, xLine, yLine }: PointPlot): string {
  const points = panels.flatMap(({ series }) => series.flatMap((one) => one.points));
  const plot: PanelPlot = {
    titles: panels.map((panel) => panel.title),
    xValues: [...points.map(({ x }) => x), ...(xLine === undefined ? [] : [xLine])],
    yValues: [
      ...points.flatMap(({ y, error = 0 }) => [y - error, y + error]),
      ...(yLine === undefined ? [] : [yLine]),
    ],
    isWholeX: false,
    ...(xLine !== undefined && { xLine }),
    ...(yLine !== undefined && { yLine }),
  };
  const { size, draw } = drawPanels(plot, ({ x, y, left, bottom }, i) => [
    ...panels[i]!.series.flatMap(({ color, points: own }) =>
      own.flatMap((point) => {
        const [cx, cy] = [x.at(point.x), y.at(point.y)];
        const { error = 0 } = point;
        const bar = formatSvgPath([
          [cx, y.at(point.y - error)],
          [cx, y.at(point.y + error)],
        ]);
        return [
          ...(error > 0
            ? [renderSvgElement("path", { class: `thin c${color}`, d: bar, opacity: 0.4 })]
            : []),
          renderSvgElement("circle", { class: `dot c${color}`, cx, cy, r: 2.6, opacity: 0.75 }),
        ];
      }),
    ),
    ...drawLegend(panels[i]!.series, left, bottom + 33),
  ]);
  return drawFigure(size, `${title}: ${yLabel} by ${xLabel}`, ...draw);
}
