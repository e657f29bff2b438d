import { Command } from "commander";
import { cellCommand } from "./study-cell.ts";
import { exportCommand, submitCommand } from "./study-cluster.ts";
import { compareCommand } from "./study-compare.ts";
import { mergeCommand, statusCommand } from "./study-folders.ts";
import { powerCommand } from "./study-power.ts";
import { reportCommand } from "./study-report.ts";
import { runCommand } from "./study-run.ts";
import { tableCommand } from "./study-table.ts";

/** `turnwise study`: paired comparisons over many seeds. */
export function studyCommand(): Command {
  return new Command("study")
    .description("compare arms over paired seeds: a study file fixes everything beforehand")
    .addCommand(runCommand())
    .addCommand(statusCommand())
    .addCommand(tableCommand())
    .addCommand(compareCommand())
    .addCommand(powerCommand())
    .addCommand(reportCommand())
    .addCommand(mergeCommand())
    .addCommand(exportCommand())
    .addCommand(submitCommand())
    .addCommand(cellCommand());
}
