import { checkSameLength } from "@turnwise/core";

/** Ragged numbers: rows of any length. */
export type Ragged = readonly (readonly number[])[];

/** Requires ragged lists of one shape. */
export function checkSameShape(where: string, lists: Readonly<Record<string, Ragged>>): void {
  checkSameLength(where, lists);
  const [first] = Object.values(lists);
  first?.forEach((_, row) => {
    checkSameLength(
      where,
      Object.fromEntries(
        Object.entries(lists).map(([name, list]) => [`${name}[${row}]`, list[row]!]),
      ),
    );
  });
}

/** Requires ragged numbers that satisfy a check of core's, row by row; rows of `where` alone. */
export function checkEachRow(
  check: (where: string, values: Readonly<Record<string, readonly number[]>>) => void,
  where: string,
  lists: Readonly<Record<string, Ragged>>,
): void {
  for (const [name, list] of Object.entries(lists)) {
    list.forEach((row, index) => check(where, { [`${name}[${index}]`]: row }));
  }
}

/** Requires numbers that can be squared and summed, but only where they count. */
export function checkSized(where: string, name: string, values: Ragged, counts?: Ragged): void {
  values.forEach((row, rowIndex) => {
    row.forEach((value, index) => {
      if (counts?.[rowIndex]![index] === 0) return;
      if (!(Math.abs(value) <= maxSize)) {
        throw new RangeError(
          `${where}: ${name}[${rowIndex}][${index}] must be finite and at most 1e100 in size, got ${value}`,
        );
      }
    });
  });
}

/** Sums of squares of larger numbers would come near the limit of float64. */
const maxSize = 1e100;
