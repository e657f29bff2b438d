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

/** `turnwise study table`: prints all results of a study as tables. */
export function buildTableCommand(): Command {
  return buildResultsCommand("table")
    .description("print means, and paired differences with their intervals")
    .addOption(
      new Option("--format <format>", "output format")
        .choices(["text", "markdown", "latex", "csv", "json"])
        .default("text"),
    )
    .action(async (path: string, { out, format }: TableOptions) => {
      process.stdout.write(formatTables((await openResults(path, out)).analysis, format));
    });
}

/** Creates a command that reads a study file and its finished cells. */
export function buildResultsCommand(name: string): Command {
  return new Command(name)
    .argument("<file>", "study file: YAML, JSON, or a TypeScript or JavaScript module")
    .option(
      "--out <folder>",
      "study folder (default: the file's folder if it has cells/, else runs/studies/NAME)",
    );
}

/** Reads a study file and analyzes its finished cells. */
export async function openResults(path: string, out: string | undefined) {
  const file = await readStudy(path);
  const folder = await findStudyFolder(file, out);
  return { file, folder, analysis: await analyzeFolder(file, folder) };
}

function formatTables(analysis: StudyAnalysis, format: TableOptions["format"]): string {
  if (format === "csv") return renderStudyCsv(analysis);
  if (format === "json") return `${JSON.stringify(analysis)}\n`;
  const tables = tabulateStudy(analysis).map((table) => renderTable(table, format));
  return `${tables.join("\n\n")}\n`;
}
