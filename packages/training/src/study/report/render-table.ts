/** Table of texts that can be rendered in several formats. */
export interface Table {
  readonly title: string;
  readonly columns: readonly { readonly name: string; readonly align: "left" | "right" }[];
  readonly rows: readonly (readonly string[])[];
  /** Sentences below the table. */
  readonly notes: readonly string[];
}

/** Formats of {@link renderTable}. */
export type TableFormat = "text" | "markdown" | "latex";

/** Renders a table as aligned text, Markdown (GitHub), or LaTeX with the `booktabs` package. */
export function renderTable(table: Table, format: TableFormat): string {
  return renderers[format](table);
}

const renderers: Readonly<Record<TableFormat, (table: Table) => string>> = {
  text: ({ title, columns, rows, notes }) => {
    const lines = alignRows(columns, [columns.map(({ name }) => name), ...rows]);
    return [title, ...lines.map((cells) => cells.join("  ").trimEnd()), ...notes].join("\n");
  },
  markdown: (table) => {
    const columns = table.columns;
    const rows = [columns.map(({ name }) => name), ...table.rows].map((row) =>
      row.map(escapeMarkdown),
    );
    const [head, ...body] = alignRows(columns, rows);
    const rule = columns.map(({ align }, i) => {
      const width = Math.max(3, head![i]!.length);
      return align === "right" ? `${"-".repeat(width - 1)}:` : "-".repeat(width);
    });
    const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
    const lines = [line(head!), line(rule), ...body.map(line)];
    return [`**${escapeMarkdown(table.title)}**`, "", ...lines, ...toParagraphs(table.notes)].join(
      "\n",
    );
  },
  latex: ({ title, columns, rows, notes }) => {
    const line = (cells: readonly string[]): string => `${cells.map(escapeLatex).join(" & ")} \\\\`;
    return [
      `% ${title}`,
      `\\begin{tabular}{${columns.map(({ align }) => align[0]).join("")}}`,
      "\\toprule",
      line(columns.map(({ name }) => name)),
      "\\midrule",
      ...rows.map(line),
      "\\bottomrule",
      "\\end{tabular}",
      ...notes.map((note) => `% ${note}`),
    ].join("\n");
  },
};

const toParagraphs = (notes: readonly string[]): string[] =>
  notes.flatMap((note) => ["", escapeMarkdown(note)]);

/** Pads all cells to the width of their column, which is at least 3. */
function alignRows(columns: Table["columns"], rows: readonly (readonly string[])[]): string[][] {
  const widths = columns.map((_, i) => Math.max(3, ...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) =>
      columns[i]!.align === "right" ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!),
    ),
  );
}

/** Escapes a text for Markdown. */
export function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\`*_|<]/gu, "\\$&");
}

const latexCharacters: Readonly<Record<string, string>> = {
  "\\": "\\textbackslash{}",
  "~": "\\textasciitilde{}",
  "^": "\\textasciicircum{}",
  "<": "$<$",
  ">": "$>$",
};

/** Escapes a text for LaTeX; a hyphen before a digit becomes a minus sign. */
export function escapeLatex(text: string): string {
  return text
    .replaceAll(/[\\~^<>&%$#_{}]/gu, (character) => latexCharacters[character] ?? `\\${character}`)
    .replaceAll(/(?<![\w.])-(?=\d)/gu, "$-$");
}
