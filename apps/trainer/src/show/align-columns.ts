/**
 * Formats rows as lines with aligned columns.
 * @param rows - Cells of each row; all rows have the same number of cells.
 * @param right - Indices of columns that are aligned to the right.
 */
export function alignColumns(
  rows: readonly (readonly string[])[],
  right: ReadonlySet<number>,
): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]!.length)),
  );
  return rows.map((row) =>
    row
      .map((cell, column) =>
        right.has(column) ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!),
      )
      .join("  ")
      .trimEnd(),
  );
}
