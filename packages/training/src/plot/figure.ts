import { renderSvgElement, renderSvgText } from "./svg.ts";

/**
 * Colors of series, as CSS classes `c0` to `c5`, after Okabe and Ito: distinguishable with color
 * blindness.
 */
const light = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#8a6d00", "#555555"];
const dark = ["#56b4e9", "#ff8c42", "#3ccf9e", "#e6a0c4", "#f0e442", "#bbbbbb"];

const formatColorRules = (colors: readonly string[]): string =>
  colors.map((color, i) => `.c${i}{--c:${color}}`).join("");

/** A figure draws its own background, so that it is readable on light and dark pages. */
const style = [
  "text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif;fill:var(--text)}",
  ".title{font-weight:600;font-size:13px}.dim{fill:var(--dim)}",
  ".page{fill:var(--page)}.grid{stroke:var(--grid);fill:none}.axis{stroke:var(--dim);fill:none}",
  ".line{stroke:var(--c);stroke-width:2;fill:none;stroke-linejoin:round}",
  ".band{fill:var(--c);opacity:.18}.dot{fill:var(--c)}",
  ".thin{stroke:var(--c);stroke-width:1.5;fill:none}.thick{stroke:var(--c);stroke-width:6;opacity:.3;fill:none}",
  "svg{--page:#ffffff;--text:#1f2328;--dim:#656d76;--grid:#e3e7eb}",
  formatColorRules(light),
  `@media(prefers-color-scheme:dark){svg{--page:#15191f;--text:#e6edf3;--dim:#9198a1;--grid:#30363d}${formatColorRules(dark)}}`,
].join("");

/**
 * Draws a self-contained SVG file that supports light and dark mode, without scripts or fonts.
 * @param title - Heading of the figure, one sentence; also its name for screen readers.
 */
export function drawFigure(
  size: { readonly width: number; readonly height: number },
  title: string,
  ...content: readonly string[]
): string {
  const { width, height } = size;
  return `${renderSvgElement(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: "img",
      "aria-label": title,
    },
    renderSvgElement("style", {}, style),
    renderSvgElement("rect", { class: "page", width, height, rx: 8 }),
    renderSvgText(title, { class: "title", x: 16, y: 26 }),
    ...content,
  )}\n`;
}

/** Estimates the width of a text in the figure's font, pixels. */
export function estimateTextWidth(text: string): number {
  return 6.8 * text.length;
}
