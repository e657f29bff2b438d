import {
  compareStudyArms,
  describeFindings,
  describeLimits,
  describePairing,
  tabulateFamily,
  readCells,
  renderTable,
  type FamilyAnalysis,
  type StudyAnalysis,
  type TableFormat,
} from "@turnwise/training/study";
import { Option, type Command } from "commander";
import { openResults, resultsCommand } from "./study-table.ts";

interface CompareOptions {
  readonly out?: string;
  readonly format: TableFormat | "json";
}

/** `turnwise study compare`: the paired difference of any two arms. */
export function compareCommand(): Command {
  return resultsCommand("compare")
    .description("compare two arms: the first less the second, in every experiment")
    .argument("<treatment>", "arm to judge")
    .argument("<baseline>", "arm to judge it by")
    .addOption(
      new Option("--format <format>", "form of the output")
        .choices(["text", "markdown", "latex", "json"])
        .default("text"),
    )
    .action(
      async (
        path: string,
        treatment: string,
        baseline: string,
        { out, format }: CompareOptions,
      ) => {
        const { file, folder, analysis } = await openResults(path, out);
        const cells = [...(await readCells(folder.cells)).values()];
        const family = compareStudyArms(file, cells, treatment, baseline);
        process.stdout.write(
          format === "json"
            ? `${JSON.stringify(family)}\n`
            : compareText(family, analysis, format, planNote(analysis, treatment, baseline)),
        );
      },
    );
}

function compareText(
  family: FamilyAnalysis,
  analysis: StudyAnalysis,
  format: TableFormat,
  note: string,
): string {
  const tables = tabulateFamily(family, analysis.metric.measure).map((table) =>
    renderTable(table, format),
  );
  const findings = describeFindings({ ...analysis, families: [family] })
    .flat()
    .slice(1);
  const sentences = [...findings, ...describeLimits(family), ...describePairing(family), note];
  return `${[...tables, sentences.join("\n")].join("\n\n")}\n`;
}

/** Relation of a comparison to those that the study file fixed beforehand. */
function planNote({ families }: StudyAnalysis, treatment: string, baseline: string): string {
  const planned = families.filter(({ comparisons }) =>
    comparisons.some((one) => one.treatment === treatment && one.baseline === baseline),
  );
  if (planned.length === 0) {
    return "Not planned in the study file: chosen after the results were known, it can suggest a question but not answer one.";
  }
  const names = planned.map(({ name }) => name).join(", ");
  return `Planned in family ${names}; \`study table\` has the p values that are corrected for the whole family.`;
}
