import { checkSameLength } from "@turnwise/core";

/** Ragged list: rows of any length. */
export type Ragged = readonly (readonly number[])[];

/** Checks that ragged lists have the same shape. */
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

/** Applies a check of `@turnwise/core` to each row of a ragged list. */
export function checkEachRow(
  check: (where: string, values: Readonly<Record<string, readonly number[]>>) => void,
  where: string,
  lists: Readonly<Record<string, Ragged>>,
): void {
  for (const [name, list] of Object.entries(lists)) {
    list.forEach((row, index) => check(where, { [`${name}[${index}]`]: row }));
  }
}

/** Checks that counted numbers are small enough to be squared and summed. */
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

/** Sums of squares of larger numbers would approach the limit of float64. */
const maxSize = 1e100;
