import { describe, expect, it } from "vitest";
import { createStudyCell } from "../../testing/study-cells.ts";
import { checkStudy } from "../study-schema.ts";
import { analyzeStudy, type StudyAnalysis } from "./analyze-study.ts";
import { describeFindings, describeLimits } from "./describe-findings.ts";
import { renderStudyCsv } from "./study-rows.ts";
import { renderStudyReport } from "./render-study-report.ts";

/** Analyzes a study in which arm `strong` is better by 20 points and arm `weak` has no effect. */
function analyze(numSeeds: number): StudyAnalysis {
  const seeds = Array.from({ length: numSeeds }, (_, i) => i + 1);
  const rates = { plain: 0.5, strong: 0.7, weak: 0.5 };
  const cells = Object.entries(rates).flatMap(([arm, rate]) =>
    seeds.map((seed) => createStudyCell({ experiment: "games", arm, seed, rate, numTasks: 400 })),
  );
  const study = checkStudy(
    {
      name: "toy_study",
      question: "Does it help?",
      experiments: [{ name: "games", experiment: "alfworld" }],
      arms: Object.keys(rates).map((name) => ({ name })),
      seeds: numSeeds === 0 ? [1] : seeds,
      metric: { split: "held_out" },
      families: [
        {
          name: "main",
          pairs: [
            ["strong", "plain"],
            ["weak", "plain"],
          ],
        },
      ],
    },
    "toy.yaml",
  );
  return analyzeStudy({ study, sha256: "a".repeat(64) }, cells);
}

describe("findings", () => {
  it("say which differences hold, and which could have been detected otherwise", () => {
    const [[family, strong, weak] = []] = describeFindings(analyze(8));
    expect(family).toBe(
      "Family main, 2 comparisons: a difference holds in 1, no difference was seen in 1.",
    );
    expect(strong).toMatch(
      /^games, strong minus plain: \+\d+\.\d points, 95 % interval \[\+\d+\.\d, \+\d+\.\d\], 8 pairs, sign-flip p 0\.0078, corrected 0\.016: the difference holds\.$/u,
    );
    expect(weak).toMatch(
      /no difference seen; with 80 % power the interval would exclude 0 for a difference of \d\.\d points or more\.$/u,
    );
  });

  it("say that with five pairs no difference can be significant", () => {
    const analysis = analyze(5);
    const [[, strong] = []] = describeFindings(analysis);
    expect(strong).toMatch(
      /sign-flip p 0\.063, corrected 0\.13: not confirmed after correction\.$/u,
    );
    expect(describeLimits(analysis.families[0]!)[0]).toBe(
      "games, strong minus plain: 5 pairs cannot give a sign-flip p below 0.063, so no difference can be significant at 5 %; the t interval assumes normal differences, and the BCa interval covers 83 % instead of 95 %.",
    );
  });

  it("say when the correction makes significance impossible", () => {
    // 2 / 2^6 = 0.031 is below 5 %, but correcting for two comparisons doubles it.
    expect(describeLimits(analyze(6).families[0]!)[0]).toBe(
      "games, strong minus plain: 6 pairs cannot give a sign-flip p below 0.031; corrected for 2 comparisons, the smallest p is 0.063, so a single difference cannot be significant at 5 %.",
    );
    expect(describeLimits(analyze(8).families[0]!)).toEqual([]);
  });

  it("need two pairs", () => {
    const [[family, strong] = []] = describeFindings(analyze(1));
    expect(family).toBe("Family main, 2 comparisons: fewer than two pairs are finished in 2.");
    expect(strong).toBe("games, strong minus plain: 1 finished pair; an interval needs two.");
  });
});

describe("renderStudyReport", () => {
  it("is the same each time, and refers to every figure", () => {
    const { markdown, figures } = renderStudyReport(analyze(6), "turnwise study report toy.yaml");
    expect(renderStudyReport(analyze(6), "turnwise study report toy.yaml")).toEqual({
      markdown,
      figures,
    });
    expect(figures.map(({ file }) => file)).toEqual([
      "differences-main.svg",
      "curves-main.svg",
      "curve-differences-main.svg",
      "entropy-main.svg",
      "seeds-games.svg",
    ]);
    for (const { file } of figures) expect(markdown).toContain(`(plots/${file})`);
    expect(markdown).toMatch(/^# toy\\_study\n\nDoes it help\?\n\nFamily main, 2 comparisons: /u);
    expect(markdown).toContain("SHA-256 of the study file: `aaaa");
    expect(markdown).toContain("18 cells: 18 finished, 0 failed, 0 missing.");
    expect(markdown).toContain("written by `turnwise study report toy.yaml`");
  });

  it("can be rendered before the first cell has finished", () => {
    const { markdown, figures } = renderStudyReport(analyze(0), "turnwise study report toy.yaml");
    expect(figures).toEqual([]);
    expect(markdown).toContain("fewer than two pairs are finished in 2");
  });
});

it("writes every estimate with its interval as comma-separated values", () => {
  const [header, ...lines] = renderStudyCsv(analyze(3)).trimEnd().split("\n");
  const rows = lines.map((line) => {
    const values = line.split(",");
    return Object.fromEntries(header!.split(",").map((name, i) => [name, values[i]!]));
  });
  const difference = rows.find(
    ({ arm, measure, method, taskType }) =>
      arm === "strong" && measure === "success" && method === "paired t" && taskType === "",
  )!;
  expect(difference).toMatchObject({ family: "main", baseline: "plain", seeds: "3", p: "0.25" });
  expect(Number(difference["low"])).toBeLessThan(Number(difference["estimate"]));
  expect(rows.every(({ low, high }) => Number(low) <= Number(high))).toBe(true);
});
