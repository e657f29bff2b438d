import { estimateTextWidth } from "./figure.ts";
import { createLinearScale, type Scale } from "./scale.ts";
import { renderSvgElement, formatSvgPath, renderSvgText } from "./svg.ts";

/** Options of a figure with panels whose axes have the same scale. */
export interface PanelPlot {
  readonly titles: readonly string[];
  /** All x values that the axes must cover; `yValues` likewise. */
  readonly xValues: readonly number[];
  readonly yValues: readonly number[];
  /** True if the ticks of the x axis are whole numbers. */
  readonly isWholeX: boolean;
  /** Values at which vertical and horizontal lines are drawn. */
  readonly xLine?: number;
  readonly yLine?: number;
}

/** Position and scales of one panel, pixels. */
export interface Panel {
  readonly x: Scale;
  readonly y: Scale;
  readonly left: number;
  readonly bottom: number;
}

const panel = { width: 300, height: 190, left: 52, top: 62, gapX: 34, gapY: 88 };

/**
 * Draws panels with grid and axes, three per row (four panels: two per row).
 * @param fill - Draws the content of a panel, given its index.
 * @returns Size of the figure, and one SVG text per panel.
 */
export function drawPanels(
  { titles, xValues, yValues, isWholeX, xLine, yLine }: PanelPlot,
  fill: (panel: Panel, index: number) => readonly string[],
): { readonly size: { readonly width: number; readonly height: number }; readonly draw: string[] } {
  const xDomain = computeDomain(xValues);
  const yDomain = computeDomain(yValues);
  const numColumns = titles.length === 4 ? 2 : Math.min(3, Math.max(1, titles.length));
  const numRows = Math.max(1, Math.ceil(titles.length / numColumns));
  const draw = titles.map((title, i) => {
    const left = panel.left + (i % numColumns) * (panel.width + panel.gapX);
    const top = panel.top + Math.floor(i / numColumns) * (panel.height + panel.gapY);
    const right = left + panel.width - 16;
    const bottom = top + panel.height;
    const x = createLinearScale(xDomain, [left, right], 5, isWholeX);
    const y = createLinearScale(yDomain, [bottom, top], 5);
    const horizontal = (value: number, name: string): string =>
      renderSvgElement("path", {
        class: name,
        d: formatSvgPath([
          [left, y.at(value)],
          [right, y.at(value)],
        ]),
      });
    const vertical = (value: number): string =>
      renderSvgElement("path", {
        class: "axis",
        d: formatSvgPath([
          [x.at(value), top],
          [x.at(value), bottom],
        ]),
      });
    const isLine = (tick: number): boolean => yLine !== undefined && Math.abs(tick - yLine) < 1e-12;
    const hasTick = y.ticks.some(isLine);
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
    return [
      renderSvgText(title, { x: left, y: top - 8 }),
      ...y.ticks.map((tick) => horizontal(tick, isLine(tick) ? "axis" : "grid")),
      ...(yLine === undefined || hasTick ? [] : [horizontal(yLine, "axis")]),
      ...(xLine === undefined ? [] : [vertical(xLine)]),
      ...labels,
      ...fill({ x, y, left, bottom }, i),
    ].join("");
  });
  const size = {
    width: panel.left + numColumns * (panel.width + panel.gapX) - panel.gapX,
    height: panel.top + numRows * (panel.height + panel.gapY) - panel.gapY + 48,
  };
  return { size, draw };
}

/** Draws the names of series next to their colors, in a row; nothing for a single series. */
export function drawLegend(
  series: readonly { readonly name: string; readonly color: number }[],
  left: number,
  y: number,
): string[] {
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
  const low = values.reduce((least, value) => Math.min(least, value), Infinity);
  const high = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const margin = 0.03 * (high - low);
  return [low - margin, high + margin];
}
