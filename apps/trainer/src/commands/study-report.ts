import { formatCount } from "@turnwise/core";
import { relative } from "node:path";
import { findStudyFolder, readStudy, writeStudyReport } from "@turnwise/training/study";
import type { Command } from "commander";
import { buildResultsCommand } from "./study-table.ts";

/** `turnwise study report`: writes `report.md` and `plots/*.svg` into the study folder. */
export function buildReportCommand(): Command {
  return buildResultsCommand("report")
    .description("write report.md and its plots into the study folder")
    .action(async (path: string, { out }: { readonly out?: string }) => {
      const file = await readStudy(path);
      const folder = await findStudyFolder(file, out);
      const [report, ...plots] = await writeStudyReport(file, folder);
      process.stdout.write(
        `${relative(process.cwd(), report!)}, ${formatCount(plots.length, "plot")}\n`,
      );
    });
}
