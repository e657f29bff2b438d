import {
  analyzeFolder,
  findStudyFolder,
  readStudy,
  renderTable,
  renderStudyCsv,
  tabulateStudy,
  type StudyAnalysis,
  type TableFormat,
} from "@turnwise/training/study";
import { Command, Option } from "commander";

interface TableOptions {
  readonly out?: string;
  readonly format: TableFormat | "csv" | "json";
}

/** `turnwise study table`: all results of a study as tables. */
export function tableCommand(): Command {
  return resultsCommand("table")
    .description("print means, paired differences and their intervals")
    .addOption(
      new Option("--format <format>", "form of the output")
        .choices(["text", "markdown", "latex", "csv", "json"])
        .default("text"),
    )
    .action(async (path: string, { out, format }: TableOptions) => {
      process.stdout.write(tableText((await openResults(path, out)).analysis, format));
    });
}

/** A command that reads a study file and the cells that finished so far. */
export function resultsCommand(name: string): Command {
  return new Command(name)
    .argument("<file>", "study file: YAML, JSON, or a TypeScript or JavaScript module")
    .option(
      "--out <folder>",
      "folder of the study (default: the file's folder if it has cells/, else runs/studies/NAME)",
    );
}

/** Reads a study file and analyzes its finished cells. */
export async function openResults(path: string, out: string | undefined) {
  const file = await readStudy(path);
  const folder = await findStudyFolder(file, out);
  return { file, folder, analysis: await analyzeFolder(file, folder) };
}

function tableText(analysis: StudyAnalysis, format: TableOptions["format"]): string {
  if (format === "csv") return renderStudyCsv(analysis);
  if (format === "json") return `${JSON.stringify(analysis)}\n`;
  const tables = tabulateStudy(analysis).map((table) => renderTable(table, format));
  return `${tables.join("\n\n")}\n`;
}
