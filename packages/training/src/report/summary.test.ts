import { describe, expect, it } from "vitest";
import type { MetricsLine } from "../run/run-folder.ts";
import { tabulateEvaluations, drawSuccessCurve } from "./summary.ts";

const iteration = (number: number, success: number): MetricsLine => ({
  stage: "iteration",
  warmStartEpoch: 1,
  iteration: number,
  success,
});

const evaluation = (phase: string, success: number, byKind: object): MetricsLine => ({
  stage: "evaluation",
  warmStartEpoch: 1,
  iteration: 0,
  phase,
  split: "held_out",
  mode: "greedy",
  success,
  byKind,
});

describe("drawSuccessCurve", () => {
  it("draws a rise from bottom to top", () => {
    const rows = drawSuccessCurve([iteration(1, 0), iteration(2, 1)]).split("\n");
    expect(rows[0]).toBe("success of sampled training episodes, iterations 1 to 2");
    expect(rows[1]).toMatch(/^ 100% .*─$/u);
    expect(rows.at(-1)).toMatch(/^ {3}0% .*─/u);
    expect(rows).toHaveLength(12);
  });

  it("draws nothing for a single point", () => {
    expect(drawSuccessCurve([iteration(1, 0.5)])).toBe("");
  });
});

describe("tabulateEvaluations", () => {
  it("shows before next to after, also by kind", () => {
    const table = tabulateEvaluations([
      evaluation("before", 0.25, { look: 0.5 }),
      evaluation("after", 0.75, { look: 1 }),
    ]);
    expect(table.split("\n")).toEqual([
      "success on tasks not trained on  before   after",
      "held_out, greedy                  25.0%   75.0%",
      "  look                            50.0%  100.0%",
    ]);
  });
});
