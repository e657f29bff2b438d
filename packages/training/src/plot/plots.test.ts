import { describe, expect, it } from "vitest";
import { plotCurves } from "./plot-curves.ts";
import { plotIntervals } from "./plot-intervals.ts";
import { plotPoints } from "./plot-points.ts";
import { createLinearScale } from "./scale.ts";
import { renderSvgElement, renderSvgText } from "./svg.ts";

/** Checks that all elements are closed in order. */
function expectWellFormed(svg: string): void {
  const open: (string | undefined)[] = [];
  const unmatched: string[] = [];
  for (const [tag, slash, name, rest] of svg.matchAll(/<(\/?)([a-z]+)([^>]*)>/gu)) {
    if (slash === "/") unmatched.push(...(open.pop() === name ? [] : [tag]));
    else if (!rest!.endsWith("/")) open.push(name);
  }
  expect(unmatched).toEqual([]);
  expect(open).toEqual([]);
  expect(svg).not.toMatch(/NaN|undefined|Infinity/u);
}

const points = [1, 2, 3].map((x) => ({ x, y: 10 * x, low: 10 * x - 2, high: 10 * x + 2 }));

describe("plotCurves", () => {
  const panel = (title: string) => ({
    title,
    series: [
      { name: "a < b", color: 0, points },
      { name: "c", color: 5, points: points.map((point) => ({ ...point, y: point.y - 1 })) },
    ],
  });

  it("draws a band and a line for each series, in as many panels as asked for", () => {
    const panels = ["one", "two", "three", "four", "five"].map(panel);
    const svg = plotCurves({ title: "Success", panels, xLabel: "iteration", yLabel: "%" });
    expectWellFormed(svg);
    expect(svg.match(/class="band c0"/gu)).toHaveLength(5);
    expect(svg.match(/class="line c5"/gu)).toHaveLength(5);
    expect(svg).toContain("a &lt; b");
  });

  it("follows light and dark mode, on its own background", () => {
    const svg = plotCurves({ title: "x", panels: [panel("one")], xLabel: "", yLabel: "" });
    expect(svg).toContain("@media(prefers-color-scheme:dark)");
    expect(svg).toContain('class="page"');
  });

  it("draws flat curves and no curves", () => {
    const flat = [{ x: 1, y: 5, low: 5, high: 5 }];
    for (const one of [flat, []]) {
      const panels = [{ title: "flat", series: [{ name: "a", color: 0, points: one }] }];
      expectWellFormed(plotCurves({ title: "x", panels, xLabel: "", yLabel: "", zeroLine: true }));
    }
  });
});

describe("plotIntervals", () => {
  it("draws estimates, both intervals and single values", () => {
    const row = { label: "a & b", color: 2, estimate: 1, low: -1, high: 3, note: "5 pairs" };
    const rows = [{ ...row, second: { low: 0, high: 2 }, dots: [0, 1, 2] }, row];
    const svg = plotIntervals({ title: "Differences", rows, xLabel: "points", zeroLine: true });
    expectWellFormed(svg);
    expect(svg.match(/<circle/gu)).toHaveLength(5);
    expect(svg).toContain("a &amp; b");
  });
});

describe("plotPoints", () => {
  const series = [
    { name: "a", color: 0, points: [{ x: -0.5, y: 0.3, error: 0.1 }] },
    { name: "b", color: 1, points: [{ x: 0.25, y: -1 }] },
  ];

  it("draws a dot for each point, error bars where there are any, and both lines", () => {
    const panels = [{ title: "one", series }];
    const options = { title: "x < y", panels, xLabel: "x", yLabel: "y", xLine: 0, yLine: 0 };
    const svg = plotPoints(options);
    expectWellFormed(svg);
    expect(svg.match(/<circle/gu)).toHaveLength(2);
    expect(svg.match(/class="thin c0"/gu)).toHaveLength(1);
    expect(svg.match(/class="axis"/gu)).toHaveLength(2);
  });

  it("draws a single point and none", () => {
    for (const points of [[{ x: 1, y: 1 }], []]) {
      const panels = [{ title: "one", series: [{ name: "a", color: 0, points }] }];
      expectWellFormed(plotPoints({ title: "x", panels, xLabel: "", yLabel: "" }));
    }
  });
});

describe("createLinearScale", () => {
  it("has round ticks, and maps the domain to the range", () => {
    const { at, ticks, label } = createLinearScale([-3.7, 10.2], [0, 139], 5);
    expect(ticks.map(label)).toEqual(["0", "5", "10"]);
    expect(at(-3.7)).toBe(0);
    expect(at(10.2)).toBeCloseTo(139, 12);
    const small = createLinearScale([0.21, 0.39], [0, 1], 5);
    expect(small.ticks.map(small.label)).toEqual(["0.25", "0.30", "0.35"]);
    expect(createLinearScale([1, 3], [0, 1], 20, true).ticks).toEqual([1, 2, 3]);
  });

  it("widens a domain of one value", () => {
    expect(createLinearScale([2, 2], [0, 10], 5).at(2)).toBe(5);
  });
});

it("escapes text and attributes", () => {
  expect(renderSvgText('a<b & "c"', { x: 1.23456 })).toBe(
    '<text x="1.2">a&lt;b &amp; &quot;c&quot;</text>',
  );
  expect(renderSvgElement("path", { d: '"', class: undefined })).toBe('<path d="&quot;"/>');
});
