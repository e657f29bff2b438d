import { mkdtemp, mkdir, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { writeWhole } from "../../files/write-whole.ts";
import { createStudyCell } from "../../testing/study-cells.ts";
import { formatCellName } from "../cell.ts";
import { resolveStudyFolder, writeCell } from "../study-folder.ts";
import { createToyStudy } from "../testing/toy-study.ts";
import { findStudyFolder, writeStudyReport } from "./write-report.ts";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "turnwise-report-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

it("writes the same bytes each time, and removes figures of earlier reports", async () => {
  const file = createToyStudy({ seeds: [1, 2], metric: { split: "held_out" } });
  const folder = resolveStudyFolder(root);
  for (const arm of ["none", "aem"]) {
    for (const seed of [1, 2]) {
      const cell = createStudyCell({ experiment: "numbers", arm, seed, rate: 0.5 });
      await writeCell(folder, formatCellName(cell), cell);
    }
  }
  await writeWhole(join(root, "plots", "differences-renamed.svg"), "<svg/>");
  const read = async (): Promise<string[]> => {
    const paths = await writeStudyReport(file, folder);
    return Promise.all(paths.map((path) => readFile(path, "utf8")));
  };
  const [markdown, ...figures] = await read();
  expect(await read()).toEqual([markdown, ...figures]);
  expect(await readdir(join(root, "plots"))).toHaveLength(figures.length);
  expect(markdown).toContain("4 cells: 4 finished, 0 failed, 0 missing.");
  expect(markdown).toContain(
    "numbers, aem minus none: 2 pairs cannot give a sign-flip p below 0.5",
  );
  expect(markdown).toContain(`SHA-256 of the study file: \`${file.sha256}\`.`);
});

it("finds the cells next to the study file, in runs/studies, or in a given folder", async () => {
  const file = { ...createToyStudy(), folder: root };
  expect((await findStudyFolder(file)).path).toBe(join("runs", "studies", "toy"));
  await mkdir(join(root, "cells"));
  expect((await findStudyFolder(file)).path).toBe(root);
  expect((await findStudyFolder(file, "elsewhere")).path).toBe("elsewhere");
});
