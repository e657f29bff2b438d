import type { StudyAnalysis } from "./analyze-study.ts";
import { describeFindings, describeLimits, describePairing } from "./describe-findings.ts";
import { measureFormat } from "./measure-format.ts";
import { metricText } from "../study-schema.ts";
import { escapeMarkdown, renderTable, type Table } from "./render-table.ts";
import { familyFigures, seedFigures, type StudyFigure } from "./study-figures.ts";
import { armTable, familyTables, studyTables } from "./study-tables.ts";

/** Files of a report: Markdown, and figures below `plots/`. */
export interface StudyReport {
  readonly markdown: string;
  readonly figures: readonly StudyFigure[];
}

/**
 * Writes the report of a study. Equal analyses give equal files: it holds no date and no random draw
 * that is not fixed by names.
 * @param command - Command line that regenerates the report.
 */
export function studyReport(analysis: StudyAnalysis, command: string): StudyReport {
  const { name, question, metric, notes, families } = analysis;
  const { measure } = metric;
  const findings = describeFindings(analysis);
  const perFamily = families.map((family) => familyFigures(family, metric));
  const perSeed = seedFigures(analysis);
  const kindTables = studyTables({ ...analysis, families: [] }).slice(1);
  const markdown = [
    `# ${escapeMarkdown(name)}`,
    escapeMarkdown(question),
    ...findings.flatMap(([family, ...comparisons]) => [
      escapeMarkdown(family!),
      comparisons.map((text) => `- ${escapeMarkdown(text)}`).join("\n"),
    ]),
    ...listed("Limits set by the number of pairs:", families.flatMap(describeLimits)),
    ...listed("Irregular pairs:", families.flatMap(describePairing)),
    "## Method",
    `Primary metric: ${metricText(metric)} of the last checkpoint. Arms are paired by seed: the same seed means the same tasks, initial weights, warm start and draws. The seed is the unit of replication. Primary interval: paired t, 95 %. A difference holds if its exact sign-flip p, corrected within the family (Holm), is below 5 % and the interval excludes 0.`,
    hashes(analysis),
    ...notes.map(escapeMarkdown),
    ...families.flatMap((family, i) => [
      `## Family ${escapeMarkdown(family.name)}`,
      ...familyTables(family, measure).map((table) => renderTable(table, "markdown")),
      ...perFamily[i]!.map(embed),
    ]),
    "## Arms",
    renderTable(armTable(analysis, measureFormat(measure)), "markdown"),
    ...perSeed.map(embed),
    ...kindTables.map((table) => renderTable(table, "markdown")),
    "## Cells",
    cellCounts(analysis),
    renderTable(cellTable(analysis), "markdown"),
    `This file and its figures are written by \`${command}\`, in this folder.`,
  ].join("\n\n");
  return { markdown: `${markdown}\n`, figures: [...perFamily.flat(), ...perSeed] };
}

const embed = ({ file, caption }: StudyFigure): string =>
  `![${caption}](plots/${file})\n\n${caption}`;

/** A paragraph with a list of sentences; none for an empty list. */
function listed(opening: string, sentences: readonly string[]): string[] {
  if (sentences.length === 0) return [];
  return [opening, sentences.map((sentence) => `- ${escapeMarkdown(sentence)}`).join("\n")];
}

function hashes({ sha256, cells }: StudyAnalysis): string {
  const others = [...new Set(cells.map(({ studySha256 }) => studySha256))].filter(
    (one) => one !== undefined && one !== sha256,
  );
  const earlier =
    others.length === 0
      ? ""
      : ` Some cells ran under earlier versions, which the study has grown from: ${others.map((one) => `\`${one!}\``).join(", ")}.`;
  return `SHA-256 of the study file: \`${sha256}\`.${earlier}`;
}

function cellCounts({ cells }: StudyAnalysis): string {
  const count = (state: string): number => cells.filter((cell) => cell.state === state).length;
  return `${cells.length} cells: ${count("finished")} finished, ${count("failed")} failed, ${count("missing")} missing.`;
}

/** All cells, failures included, with the hashes of study file and settings. */
function cellTable({ cells, metric }: StudyAnalysis): Table {
  const format = measureFormat(metric.measure);
  const short = (hash: string | undefined): string => hash?.slice(0, 12) ?? "-";
  return {
    title: "All cells",
    columns: [
      { name: "experiment", align: "left" },
      { name: "arm", align: "left" },
      { name: "seed", align: "right" },
      { name: "state", align: "left" },
      { name: metric.measure, align: "right" },
      { name: "wall s", align: "right" },
      { name: "study", align: "left" },
      { name: "settings", align: "left" },
      { name: "processor", align: "left" },
    ],
    rows: cells.map((cell) => [
      cell.experiment,
      cell.arm,
      String(cell.seed),
      cell.message === undefined ? cell.state : `${cell.state}: ${cell.message}`,
      cell.value === undefined ? "-" : format.value(cell.value),
      cell.wallSeconds === undefined ? "-" : cell.wallSeconds.toFixed(0),
      short(cell.studySha256),
      short(cell.settingsSha256),
      cell.processor ?? "-",
    ]),
    notes: [
      "study, settings: first digits of the SHA-256 of the study file and of the cell's settings.",
    ],
  };
}
