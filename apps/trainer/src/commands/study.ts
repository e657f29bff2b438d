import { Command } from "commander";
import { buildCellCommand } from "./study-cell.ts";
import { buildExportCommand, buildSubmitCommand } from "./study-cluster.ts";
import { buildCompareCommand } from "./study-compare.ts";
import { buildMergeCommand, buildStatusCommand } from "./study-folders.ts";
import { buildPowerCommand } from "./study-power.ts";
import { buildReportCommand } from "./study-report.ts";
import { buildRunCommand } from "./study-run.ts";
import { buildTableCommand } from "./study-table.ts";

/** `turnwise study`: compares arms in pairs over many seeds. */
export function buildStudyCommand(): Command {
  return new Command("study")
    .description("compare arms over paired seeds, as planned in a study file")
    .addCommand(buildRunCommand())
    .addCommand(buildStatusCommand())
    .addCommand(buildTableCommand())
    .addCommand(buildCompareCommand())
    .addCommand(buildPowerCommand())
    .addCommand(buildReportCommand())
    .addCommand(buildMergeCommand())
    .addCommand(buildExportCommand())
    .addCommand(buildSubmitCommand())
    .addCommand(buildCellCommand());
}
