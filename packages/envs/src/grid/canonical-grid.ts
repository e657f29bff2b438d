/**
 * Returns the first, in code-unit order, of a grid's mirror images and rotations, as one text. Two
 * grids have the same text if and only if one is a rotation or mirror image of the other.
 * @param rows - Rows of equal length, one character per cell.
 */
export function canonicalGrid(rows: readonly string[]): string {
  const variants: string[] = [];
  let grid: readonly (readonly string[])[] = rows.map((row) => Array.from(row));
  for (let turn = 0; turn < 4; turn++) {
    variants.push(joinGrid(grid), joinGrid(grid.map((row) => row.toReversed())));
    grid = rotate(grid);
  }
  return variants.sort()[0]!;
}

function joinGrid(grid: readonly (readonly string[])[]): string {
  return grid.map((row) => row.join("")).join("\n");
}

/** Rotates a grid by a quarter turn clockwise. */
function rotate(grid: readonly (readonly string[])[]): string[][] {
  return grid[0]!.map((_, column) => grid.map((row) => row[column]!).toReversed());
}
