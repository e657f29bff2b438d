import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatCellName, type FailedCell, type StudyCell } from "./cell.ts";
import { mergeCells } from "./merge-cells.ts";
import { readCells, resolveStudyFolder, writeCell } from "./study-folder.ts";
import { readHistory, recordVersion } from "./study-history.ts";
import { toyCell } from "./testing/toy-cell.ts";
import { createToyStudy } from "./testing/toy-study.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "turnwise-merge-"));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const failed = ((): FailedCell => {
  const { training: _, evaluations: __, seconds: ___, tokens: ____, ...origin } = toyCell;
  return { ...origin, outcome: "failed", message: "out of memory" };
})();

async function writeStudy(
  name: string,
  cells: readonly (StudyCell | FailedCell)[],
  changes: Parameters<typeof createToyStudy>[0] = {},
): Promise<string> {
  const folder = resolveStudyFolder(join(root, name));
  for (const cell of cells) await writeCell(folder, formatCellName(cell), cell);
  await recordVersion(folder.history, createToyStudy(changes));
  return folder.path;
}

describe("mergeCells", () => {
  it("merges cells and versions of the study file; a finished cell replaces a failed one", async () => {
    const one = await writeStudy("one", [{ ...toyCell, seed: 1 }, failed]);
    const two = await writeStudy("two", [{ ...toyCell, seed: 1 }, toyCell], { seeds: [1, 3] });
    const into = join(root, "into");
    expect(await mergeCells(into, [one])).toEqual({
      added: ["numbers-aem-seed1", "numbers-aem-seed3"],
      equal: [],
    });
    expect(await mergeCells(into, [two, one])).toEqual({
      added: ["numbers-aem-seed3"],
      equal: ["numbers-aem-seed1"],
    });
    const { cells, history } = resolveStudyFolder(into);
    expect((await readCells(cells)).get("numbers-aem-seed3")).toEqual(toyCell);
    expect((await readHistory(history)).map(({ study }) => study.seeds)).toEqual([[1], [1, 3]]);
  });

  it("refuses different cells of one name, and changes nothing", async () => {
    const one = await writeStudy("left", [toyCell]);
    const two = await writeStudy("right", [
      { ...toyCell, processor: "another CPU" },
      { ...toyCell, seed: 4 },
    ]);
    await expect(mergeCells(one, [two])).rejects.toThrow(
      "study merge: finished cells with the same name must be equal, got different contents of numbers-aem-seed3",
    );
    expect(await readdir(resolveStudyFolder(one).cells)).toEqual(["numbers-aem-seed3.json"]);
  });

  it("refuses another study", async () => {
    const one = await writeStudy("this", [toyCell]);
    const other = { ...toyCell, study: { ...toyCell.study, name: "other" } };
    const two = await writeStudy("that", [other]);
    await expect(mergeCells(one, [two])).rejects.toThrow(
      "study.name must be toy, as in the other cells, got other",
    );
    const three = await writeStudy("metric", [toyCell], { metric: { split: "other" } });
    await expect(mergeCells(one, [three])).rejects.toThrow(
      "metric must be the same in all copies of the study",
    );
    await expect(mergeCells(one, [join(root, "none")])).rejects.toThrow(
      "folder must contain cells of a study, got no",
    );
  });
});
