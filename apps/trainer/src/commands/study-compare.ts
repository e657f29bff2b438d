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
import { openResults, buildResultsCommand } from "./study-table.ts";

interface CompareOptions {
  readonly out?: string;
  readonly format: TableFormat | "json";
}

/** `turnwise study compare`: prints the paired difference of any two arms. */
export function buildCompareCommand(): Command {
  return buildResultsCommand("compare")
    .description("compare two arms in every experiment: treatment minus baseline")
    .argument("<treatment>", "treatment arm")
    .argument("<baseline>", "baseline arm")
    .addOption(
      new Option("--format <format>", "output format")
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
            : formatComparison(
                family,
                analysis,
                format,
                describePlan(analysis, treatment, baseline),
              ),
        );
      },
    );
}

function formatComparison(
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

/** Returns a sentence that states whether the study file planned a comparison. */
function describePlan({ families }: StudyAnalysis, treatment: string, baseline: string): string {
  const planned = families.filter(({ comparisons }) =>
    comparisons.some((one) => one.treatment === treatment && one.baseline === baseline),
  );
  if (planned.length === 0) {
    return "Not planned in the study file. A comparison chosen after the results are known can suggest a question, but not answer it.";
  }
  const names = planned.map(({ name }) => name).join(", ");
  return `Planned in family ${names}; \`study table\` has the p values corrected for the complete family.`;
}
