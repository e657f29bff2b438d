import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  describeMachine,
  planCells,
  readStudy,
  runCellTask,
  resolveStudyFolder,
  type StudyAnalysis,
} from "@turnwise/training/study";
import { createJsonReporter } from "@turnwise/training";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runInProcess } from "./in-process.ts";
import { root } from "./turnwise.ts";

const toy = join(root, "packages/training/src/study/testing/toy-experiment.ts");

let folder: string;
let study: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "turnwise-results-"));
  study = join(folder, "study.json");
  await writeFile(
    study,
    JSON.stringify({
      name: "toy",
      question: "Does a study run?",
      experiments: [{ name: "numbers", experiment: toy }],
      arms: [
        { name: "none", modulator: "none" },
        { name: "aem", modulator: "aem" },
      ],
      seeds: [1, 2],
      metric: { split: "all" },
      evaluation: { numTasks: 4 },
      families: [{ name: "main", pairs: [["aem", "none"]] }],
    }),
  );
  const file = await readStudy(study);
  const reporter = createJsonReporter({ write: () => true });
  const machine = await describeMachine();
  const context = { file, folder: resolveStudyFolder(folder), machine, reporter };
  for (const plan of await planCells(file)) await runCellTask(plan, context);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command that must succeed. @returns Its output. */
async function print(...parameters: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(["study", ...parameters]);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

describe("turnwise study table", () => {
  it("prints text, Markdown, LaTeX, CSV and JSON", async () => {
    const table = (format: string) => print("table", study, "--format", format);
    expect(await table("text")).toMatch(/^Results by arm: success on all \(sampled\)/u);
    expect(await table("markdown")).toContain("| numbers    | aem minus none           |     2 |");
    expect(await table("latex")).toContain("\\begin{tabular}");
    expect(await table("csv")).toContain("numbers,main,aem,none,,success,2,");
    // Cells of real runs contain everything that a comparison needs.
    const { families } = JSON.parse(await table("json")) as StudyAnalysis;
    const { seeds, paired, area, byKind, curves, mixedStarts } = families[0]!.comparisons[0]!;
    expect([seeds, mixedStarts, curves.difference.length]).toEqual([[1, 2], [], 2]);
    expect(byKind.map(({ kind }) => kind)).toEqual(["even", "odd"]);
    expect([paired?.noise, area].every((numbers) => numbers !== undefined)).toBe(true);
  });
});

describe("turnwise study compare", () => {
  it("says if the comparison was planned", async () => {
    expect(await print("compare", study, "aem", "none")).toContain("Planned in family main");
    expect(await print("compare", study, "none", "aem")).toContain("Not planned in the study file");
  });

  it("suggests an arm for a misspelled one", async () => {
    const { code, stderr } = await runInProcess(["study", "compare", study, "aen", "none"]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/arm must be one of none, aem, got aen.*aem/u);
  });
});

describe("turnwise study power", () => {
  it("takes the deviation from an option, or from the finished pairs of a study", async () => {
    const planned = await print(
      "power",
      "--deviation",
      "0.06",
      "--effect",
      "0.06",
      "--pairs",
      "10",
    );
    expect(planned).toMatch(/^ +10 +6\.0 points +80 % +0\.002$/mu);
    expect(await print("power", study, "--effect", "0.1")).toContain("numbers     aem minus none");
  });

  it("requires one of the two", async () => {
    const { code, stderr } = await runInProcess(["study", "power"]);
    expect([code, stderr]).toEqual([
      2,
      "turnwise: study power: a study file or --deviation must be given, got neither\n",
    ]);
  });
});

it("turnwise study report writes into the study folder", async () => {
  expect(await print("report", study)).toMatch(/report\.md, \d plots\n$/u);
  const markdown = await readFile(join(folder, "report.md"), "utf8");
  expect(markdown).toContain("`turnwise study report study.json --out .`");
});
