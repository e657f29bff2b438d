import { join } from "node:path";
import { writeWhole } from "../files/write-whole.ts";

/** A figure of an analysis. */
export interface AnalysisFigure {
  /** File name within `plots/`. */
  readonly file: string;
  /** Caption, one sentence below the figure. */
  readonly caption: string;
  readonly svg: string;
}

/** Result of an analysis: its data, and figures and text for people. */
export interface AnalysisReport {
  /** Name of the analysis and of its files: `proxy`. */
  readonly name: string;
  readonly title: string;
  /** Results as plain data. */
  readonly data: object;
  readonly figures: readonly AnalysisFigure[];
  /** One paragraph that compares the measurements with the paper's figure. */
  readonly paragraph: string;
}

/** Significant digits of the numbers in a data file. */
const digits = 6;

/**
 * Writes an analysis: `NAME.json` (numbers with 6 significant digits), `NAME.md` and `plots/*.svg`.
 * Equal reports give identical files.
 * @param command - Command line that created the report, for the Markdown file.
 * @returns Paths of the files.
 */
export async function writeAnalysis(
  folder: string,
  { name, title, data, figures, paragraph }: AnalysisReport,
  command: string,
): Promise<string[]> {
  const round = (_key: string, value: unknown): unknown =>
    typeof value === "number" ? Number(value.toPrecision(digits)) : value;
  const markdown = [
    `# ${title}`,
    paragraph,
    ...figures.map(({ file, caption }) => `![${caption}](plots/${file})\n\n${caption}`),
    `Data: [${name}.json](${name}.json). Written by \`${command}\`.`,
  ].join("\n\n");
  const files = new Map([
    [join(folder, `${name}.json`), `${JSON.stringify(data, round, 2)}\n`],
    [join(folder, `${name}.md`), `${markdown}\n`],
    ...figures.map(({ file, svg }) => [join(folder, "plots", file), svg] as const),
  ]);
  for (const [path, text] of files) await writeWhole(path, text);
  return [...files.keys()];
}
