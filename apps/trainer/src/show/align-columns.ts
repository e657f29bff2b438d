/**
 * Lines of a table whose columns are aligned.
 * @param rows - Cells of each row, as many in all of them.
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
