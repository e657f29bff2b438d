import { drawFigure } from "./figure.ts";
import { drawLegend, drawPanels, type PanelPlot } from "./panels.ts";
import { formatSvgPath, renderSvgElement } from "./svg.ts";

/** Mean curve with a band. */
export interface CurveSeries {
  readonly name: string;
  /** Index of the color, 0 to 5. */
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
  /** Panels, whose axes have the same scale. */
  readonly panels: readonly { readonly title: string; readonly series: readonly CurveSeries[] }[];
  readonly xLabel: string;
  readonly yLabel: string;
  /** True to draw a line at y = 0, which the axis then includes. */
  readonly zeroLine?: boolean;
}

/** Draws curves with bands in panels, three per row, as an SVG file. */
export function plotCurves({ title, panels, xLabel, yLabel, zeroLine }: CurvePlot): string {
  const points = panels.flatMap(({ series }) => series.flatMap((one) => one.points));
  const plot: PanelPlot = {
    titles: panels.map((panel) => panel.title),
    xValues: points.map(({ x }) => x),
    yValues: [
      ...points.flatMap(({ low, high, y }) => [low, high, y]),
      ...(zeroLine === true ? [0] : []),
    ],
    isWholeX: true,
    ...(zeroLine === true && { yLine: 0 }),
  };
  const { size, draw } = drawPanels(plot, ({ x, y, left, bottom }, i) => {
    const { series } = panels[i]!;
    const curves = series.flatMap(({ color, points: own }) => {
      if (own.length === 0) return [];
      const upper = own.map(({ x: at, high }) => [x.at(at), y.at(high)] as const);
      const lower = own.map(({ x: at, low }) => [x.at(at), y.at(low)] as const).reverse();
      return [
        renderSvgElement("path", {
          class: `band c${color}`,
          d: `${formatSvgPath([...upper, ...lower])}Z`,
        }),
        renderSvgElement("path", {
          class: `line c${color}`,
          d: formatSvgPath(own.map((point) => [x.at(point.x), y.at(point.y)])),
        }),
      ];
    });
    return [...curves, ...drawLegend(series, left, bottom + 33)];
  });
  return drawFigure(size, `${title} (${yLabel}) by ${xLabel}`, ...draw);
}
