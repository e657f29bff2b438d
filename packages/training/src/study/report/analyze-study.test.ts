import { describe, expect, it } from "vitest";
import { createStudyCell } from "../../testing/study-cells.ts";
import type { FailedCell, StudyCell } from "../cell.ts";
import { checkStudy } from "../study-schema.ts";
import { analyzeStudy, compareStudyArms, type AnalyzedStudy } from "./analyze-study.ts";

const sha256 = "a".repeat(64);

function studyFile(
  seeds: readonly number[],
  pairs: readonly (readonly [string, string])[],
): AnalyzedStudy {
  const study = checkStudy(
    {
      name: "toy",
      question: "Does it help?",
      experiments: [{ name: "games", experiment: "alfworld" }],
      arms: [{ name: "plain" }, { name: "aem" }, { name: "shuffled" }],
      seeds,
      metric: { split: "held_out" },
      families: pairs.length === 0 ? [] : [{ name: "main", pairs }],
    },
    "toy.yaml",
  );
  return { study, sha256 };
}

/** Creates a cell with a given primary metric. */
function cellWith(arm: string, seed: number, success: number): StudyCell {
  const cell = createStudyCell({ experiment: "games", arm, seed, rate: 0.5 });
  const evaluations = cell.evaluations.map((one) => ({ ...one, metrics: { success } }));
  return { ...cell, evaluations };
}

function failed(arm: string, seed: number): FailedCell {
  const {
    training: _,
    evaluations: __,
    seconds: ___,
    tokens: ____,
    ...origin
  } = cellWith(arm, seed, 0);
  return { ...origin, outcome: "failed", message: "out of memory" };
}

describe("analyzeStudy", () => {
  it("compares arms seed by seed", () => {
    const cells = [
      ...[0.5, 0.6, 0.4].map((rate, i) => cellWith("plain", i + 1, rate)),
      ...[0.6, 0.8, 0.7].map((rate, i) => cellWith("aem", i + 1, rate)),
    ];
    const file = studyFile([1, 2, 3], [["aem", "plain"]]);
    const [comparison] = analyzeStudy(file, cells).families[0]!.comparisons;
    // Differences 0.1, 0.2, 0.3: mean 0.2, SD 0.1, t(2) = 4.30265.
    const { difference, signFlip, improvement, standardDeviation } = comparison!.paired!;
    expect(difference.estimate).toBeCloseTo(0.2, 12);
    expect(difference.high - 0.2).toBeCloseTo((4.30265 * 0.1) / Math.sqrt(3), 5);
    expect(standardDeviation).toBeCloseTo(0.1, 12);
    expect(signFlip.p).toBe(0.25);
    expect(improvement.estimate).toBe(1);
  });

  it("corrects for all comparisons of the family, unfinished ones too", () => {
    const seeds = [1, 2, 3, 4, 5, 6];
    const cells = seeds.flatMap((seed) => [
      cellWith("plain", seed, 0.5),
      cellWith("aem", seed, 0.6 + seed / 100),
    ]);
    const file = studyFile(seeds, [
      ["aem", "plain"],
      ["shuffled", "plain"],
    ]);
    const [first, second] = analyzeStudy(file, cells).families[0]!.comparisons;
    // All six signs are equal: p = 2 / 64, doubled because there are two comparisons.
    expect(first!.paired!.signFlip.p).toBe(0.03125);
    expect(first!.adjustedP).toBe(0.0625);
    expect(second!.paired).toBeUndefined();
    expect(second!.adjustedP).toBeUndefined();
  });

  it("lists every cell, and excludes failed and missing ones from the pairs", () => {
    const cells = [
      cellWith("plain", 1, 0.5),
      cellWith("plain", 2, 0.5),
      cellWith("plain", 3, 0.5),
      cellWith("aem", 1, 0.6),
      failed("aem", 2),
      cellWith("aem", 3, 0.7),
      // Seed 9 is not part of the study.
      cellWith("aem", 9, 0.9),
    ];
    const file = studyFile([1, 2, 3, 4], [["aem", "plain"]]);
    const analysis = analyzeStudy(file, cells);
    const [comparison] = analysis.families[0]!.comparisons;
    expect(comparison).toMatchObject({ seeds: [1, 3], unpaired: [2] });
    // The baseline's curve is over the seeds that have a pair: cells 0 and 2.
    const [first, third] = [cells[0], cells[2]].map((cell) => (cell as StudyCell).training);
    expect(comparison!.curves.baseline[5]!.estimate).toBeCloseTo(
      (first!["success"]![5]! + third!["success"]![5]!) / 2,
      12,
    );
    const states = analysis.cells.map(({ arm, seed, state }) => `${arm} ${seed} ${state}`);
    expect(states.slice(0, 8)).toEqual([
      "plain 1 finished",
      "plain 2 finished",
      "plain 3 finished",
      "plain 4 missing",
      "aem 1 finished",
      "aem 2 failed",
      "aem 3 finished",
      "aem 4 missing",
    ]);
    expect(analysis.cells[5]).toMatchObject({ message: "out of memory", studySha256: sha256 });
    expect(analysis.arms.map(({ arm }) => arm)).toEqual(["plain", "aem"]);
  });

  it("computes the noise of a pair from the tasks on which its arms differ", () => {
    const cells = [1, 2].flatMap((seed) =>
      ["plain", "aem"].map((arm) => createStudyCell({ experiment: "games", arm, seed, rate: 0.5 })),
    );
    const analysis = analyzeStudy(studyFile([1, 2], [["aem", "plain"]]), cells);
    const { noise } = analysis.families[0]!.comparisons[0]!.paired!;
    // With independent outcomes on 100 tasks and a rate of 50 %, about half of the tasks are
    // discordant: sqrt(0.5 / 100).
    expect(noise!.evaluation).toBeCloseTo(0.071, 2);
    expect(analysis.arms[0]!.spread!.noise!.evaluation).toBeCloseTo(0.05, 2);
  });

  it("marks pairs of two CPU models", () => {
    const other = { ...cellWith("aem", 2, 0.6), processor: "another CPU" };
    const cells = [cellWith("plain", 1, 0.5), cellWith("plain", 2, 0.5), cellWith("aem", 1, 0.6)];
    const analysis = analyzeStudy(studyFile([1, 2], [["aem", "plain"]]), [...cells, other]);
    expect(analysis.families[0]!.comparisons[0]!.mixedProcessors).toEqual([2]);
  });

  it("refuses pairs evaluated on different tasks, and cells without the primary metric", () => {
    const file = studyFile([1], [["aem", "plain"]]);
    const other = createStudyCell({
      experiment: "games",
      arm: "aem",
      seed: 1,
      rate: 0.5,
      tasksSha256: "d".repeat(64),
    });
    expect(() => analyzeStudy(file, [cellWith("plain", 1, 0.5), other])).toThrow(
      "games-aem-seed1: tasksSha256 must be the same as in games-plain-seed1 (cccccccccccc), because the cells of a pair must play the same tasks, got dddddddddddd",
    );
    const bare = { ...cellWith("plain", 1, 0.5), evaluations: [] };
    expect(() => analyzeStudy(file, [bare])).toThrow(
      "games-plain-seed1: evaluations after training must include success on held_out (sampled), got none",
    );
  });

  it("does not depend on the order of the cells, and is plain JSON data", () => {
    const cells = [1, 2, 3].flatMap((seed) =>
      ["plain", "aem"].map((arm) => createStudyCell({ experiment: "games", arm, seed, rate: 0.5 })),
    );
    const file = studyFile([1, 2, 3], [["aem", "plain"]]);
    const analysis = analyzeStudy(file, cells);
    expect(analyzeStudy(file, cells.toReversed())).toEqual(analysis);
    expect(JSON.parse(JSON.stringify(analysis))).toEqual(analysis);
  });
});

describe("compareStudyArms", () => {
  it("compares arms that no family compares", () => {
    const cells = [1, 2].flatMap((seed) => [
      cellWith("plain", seed, 0.5),
      cellWith("shuffled", seed, 0.4),
    ]);
    const { comparisons } = compareStudyArms(studyFile([1, 2], []), cells, "shuffled", "plain");
    expect(comparisons[0]!.paired!.difference.estimate).toBeCloseTo(-0.1, 12);
  });

  it("lists no cells of an arm in experiments where it does not run", () => {
    const study = checkStudy(
      {
        ...studyFile([1], []).study,
        experiments: ["games", "shop"].map((name) => ({ name, experiment: "alfworld" })),
        arms: [{ name: "plain" }, { name: "aem" }, { name: "strong", experiments: ["shop"] }],
      },
      "toy.yaml",
    );
    const planned = analyzeStudy({ study, sha256 }, []).cells.map(
      ({ experiment, arm }) => `${experiment} ${arm}`,
    );
    expect(planned).toEqual(["games plain", "games aem", "shop plain", "shop aem", "shop strong"]);
    const compared = compareStudyArms({ study, sha256 }, [], "strong", "plain").comparisons;
    expect(compared.map(({ experiment }) => experiment)).toEqual(["shop"]);
  });

  it("names an unknown arm", () => {
    expect(() => compareStudyArms(studyFile([1], []), [], "aem", "best")).toThrow(
      "arm must be one of plain, aem, shuffled, got best",
    );
  });
});
