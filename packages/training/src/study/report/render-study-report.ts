import type { StudyAnalysis } from "./analyze-study.ts";
import { describeFindings, describeLimits, describePairing } from "./describe-findings.ts";
import { createMeasureFormat } from "./measure-format.ts";
import { describeMetric } from "../study-schema.ts";
import { escapeMarkdown, renderTable, type Table } from "./render-table.ts";
import { drawFamilyFigures, drawSeedFigures, type StudyFigure } from "./study-figures.ts";
import { tabulateArms, tabulateFamily, tabulateStudy } from "./study-tables.ts";

/** Files of a report: Markdown text, and figures below `plots/`. */
export interface StudyReport {
  readonly markdown: string;
  readonly figures: readonly StudyFigure[];
}

/**
 * Renders the report of a study. Equal analyses give identical files: a report contains no date,
 * and its random streams are forked by name.
 * @param command - Command line that regenerates the report.
 */
export function renderStudyReport(analysis: StudyAnalysis, command: string): StudyReport {
  const { name, question, metric, notes, families } = analysis;
  const { measure } = metric;
  const findings = describeFindings(analysis);
  const perFamily = families.map((family) => drawFamilyFigures(family, metric));
  const perSeed = drawSeedFigures(analysis);
  const kindTables = tabulateStudy({ ...analysis, families: [] }).slice(1);
  const markdown = [
    `# ${escapeMarkdown(name)}`,
    escapeMarkdown(question),
    ...findings.flatMap(([family, ...comparisons]) => [
      escapeMarkdown(family!),
      comparisons.map((text) => `- ${escapeMarkdown(text)}`).join("\n"),
    ]),
    ...renderList("Limits set by the number of pairs:", families.flatMap(describeLimits)),
    ...renderList("Irregular pairs:", families.flatMap(describePairing)),
    "## Method",
    `Primary metric: ${describeMetric(metric)} of the last checkpoint. Arms are paired by seed: the same seed means the same tasks, initial weights, warm start and draws. The seed is the unit of replication. Primary interval: paired t, 95 %. A difference holds if its exact sign-flip p, corrected within the family (Holm), is below 5 % and the interval excludes 0.`,
    describeHashes(analysis),
    ...notes.map(escapeMarkdown),
    ...families.flatMap((family, i) => [
      `## Family ${escapeMarkdown(family.name)}`,
      ...tabulateFamily(family, measure).map((table) => renderTable(table, "markdown")),
      ...perFamily[i]!.map(embedFigure),
    ]),
    "## Arms",
    renderTable(tabulateArms(analysis, createMeasureFormat(measure)), "markdown"),
    ...perSeed.map(embedFigure),
    ...kindTables.map((table) => renderTable(table, "markdown")),
    "## Cells",
    describeCellCounts(analysis),
    renderTable(tabulateCells(analysis), "markdown"),
    `This file and its figures are written by \`${command}\`, in this folder.`,
  ].join("\n\n");
  return { markdown: `${markdown}\n`, figures: [...perFamily.flat(), ...perSeed] };
}

const embedFigure = ({ file, caption }: StudyFigure): string =>
  `![${caption}](plots/${file})\n\n${caption}`;

/** Renders a paragraph and a list of sentences; an empty list renders nothing. */
function renderList(opening: string, sentences: readonly string[]): string[] {
  if (sentences.length === 0) return [];
  return [opening, sentences.map((sentence) => `- ${escapeMarkdown(sentence)}`).join("\n")];
}

function describeHashes({ sha256, cells }: StudyAnalysis): string {
  const others = [...new Set(cells.map(({ studySha256 }) => studySha256))].filter(
    (one) => one !== undefined && one !== sha256,
  );
  const earlier =
    others.length === 0
      ? ""
      : ` Some cells ran under earlier versions of the study file: ${others.map((one) => `\`${one!}\``).join(", ")}.`;
  return `SHA-256 of the study file: \`${sha256}\`.${earlier}`;
}

function describeCellCounts({ cells }: StudyAnalysis): string {
  const count = (state: string): number => cells.filter((cell) => cell.state === state).length;
  return `${cells.length} cells: ${count("finished")} finished, ${count("failed")} failed, ${count("missing")} missing.`;
}

/** Tabulates all cells, including failed ones, with the digests of study file and settings. */
function tabulateCells({ cells, metric }: StudyAnalysis): Table {
  const format = createMeasureFormat(metric.measure);
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
