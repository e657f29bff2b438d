/**
 * The first, in code-unit order, of a grid's mirror images and rotations, as one text: two grids have
 * the same exactly if one can be turned or mirrored into the other.
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

/** Rotates a quarter turn clockwise. */
function rotate(grid: readonly (readonly string[])[]): string[][] {
  return grid[0]!.map((_, column) => grid.map((row) => row[column]!).toReversed());
}
