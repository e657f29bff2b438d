import { readdir, rm } from "node:fs/promises";
import { join, relative } from "node:path";
import { exists } from "../../files/exists.ts";
import { writeWhole } from "../../files/write-whole.ts";
import type { StudyFile } from "../read-study.ts";
import { readCells, resolveStudyFolder, type StudyFolder } from "../study-folder.ts";
import { analyzeStudy, type StudyAnalysis } from "./analyze-study.ts";
import { renderStudyReport } from "./render-study-report.ts";

/**
 * Finds the folder with a study's cells.
 * @param out - Folder given by the user. Default: the study file's folder if it contains `cells/`,
 *   otherwise `runs/studies/NAME`.
 */
export async function findStudyFolder(file: StudyFile, out?: string): Promise<StudyFolder> {
  if (out !== undefined) return resolveStudyFolder(out);
  const own = resolveStudyFolder(file.folder);
  return (await exists(own.cells))
    ? own
    : resolveStudyFolder(join("runs", "studies", file.study.name));
}

/** Reads and analyzes the cells of a study. @throws The errors of `analyzeStudy`. */
export async function analyzeFolder(file: StudyFile, folder: StudyFolder): Promise<StudyAnalysis> {
  const cells = await readCells(folder.cells);
  return analyzeStudy(file, [...cells.values()]);
}

/**
 * Writes `report.md` and `plots/*.svg` of a study into its folder, and removes figures of earlier
 * reports. Equal cells give identical files.
 * @returns Paths of the files.
 */
export async function writeStudyReport(file: StudyFile, folder: StudyFolder): Promise<string[]> {
  const analysis = await analyzeFolder(file, folder);
  const studyPath = relative(folder.path, file.path);
  const { markdown, figures } = renderStudyReport(
    analysis,
    `turnwise study report ${studyPath} --out .`,
  );
  const plots = join(folder.path, "plots");
  const files = new Map([
    [join(folder.path, "report.md"), markdown],
    ...figures.map((figure) => [join(plots, figure.file), figure.svg] as const),
  ]);
  for (const [path, text] of files) await writeWhole(path, text);
  const present = (await exists(plots)) ? await readdir(plots) : [];
  for (const name of present) {
    const path = join(plots, name);
    if (name.endsWith(".svg") && !files.has(path)) await rm(path);
  }
  return [...files.keys()];
}
