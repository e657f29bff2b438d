import { describe, expect, it } from "vitest";
import { entropyFormat, formatP, createMeasureFormat } from "./measure-format.ts";
import { renderTable, type Table } from "./render-table.ts";

const table: Table = {
  title: "Success by task_type",
  columns: [
    { name: "arm", align: "left" },
    { name: "success (%)", align: "right" },
  ],
  rows: [
    ["grpo|aem", "64.3"],
    ["plain", "-2.0"],
  ],
  notes: ["A & B."],
};

it("aligns text", () => {
  expect(renderTable(table, "text")).toBe(
    [
      "Success by task_type",
      "arm       success (%)",
      "grpo|aem         64.3",
      "plain            -2.0",
      "A & B.",
    ].join("\n"),
  );
});

it("escapes Markdown, and pads like the formatter", () => {
  expect(renderTable(table, "markdown")).toBe(
    [
      "**Success by task\\_type**",
      "",
      "| arm       | success (%) |",
      "| --------- | ----------: |",
      "| grpo\\|aem |        64.3 |",
      "| plain     |        -2.0 |",
      "",
      "A & B.",
    ].join("\n"),
  );
});

it("writes LaTeX with booktabs", () => {
  expect(renderTable(table, "latex")).toBe(
    [
      "% Success by task_type",
      "\\begin{tabular}{lr}",
      "\\toprule",
      "arm & success (\\%) \\\\",
      "\\midrule",
      "grpo|aem & 64.3 \\\\",
      "plain & $-$2.0 \\\\",
      "\\bottomrule",
      "\\end{tabular}",
      "% A & B.",
    ].join("\n"),
  );
});

describe("numbers", () => {
  it("are in percent and points for rates, plain for returns", () => {
    const rate = createMeasureFormat("success");
    expect(rate.value(0.6429)).toBe("64.3 %");
    expect(rate.difference(0.02)).toBe("+2.0 points");
    expect(rate.differenceInterval({ low: -0.037, high: 0.017 })).toBe("[-3.7, +1.7]");
    expect(createMeasureFormat("return").difference(-1.5)).toBe("-1.500");
    expect(entropyFormat.width(0.04)).toBe("0.040 nats");
  });

  it("have no sign at zero", () => {
    expect(createMeasureFormat("success").difference(-0.0001)).toBe("0.0 points");
    expect(createMeasureFormat("success").difference(0.0001)).toBe("0.0 points");
  });

  it("keep two digits of p", () => {
    expect([1, 0.0625, 0.00195, 1.8e-12].map(formatP)).toEqual(["1", "0.063", "0.0019", "1.8e-12"]);
  });
});
