import { parseIndices } from "@turnwise/training/study";
import { InvalidArgumentError } from "commander";

/** Creates a parser of numbers. @param rule - Completes "It must be ...". */
function createNumberParser(
  rule: string,
  isAllowed: (value: number) => boolean,
): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === "" || !Number.isFinite(value) || !isAllowed(value)) {
      throw new InvalidArgumentError(`It must be ${rule}.`);
    }
    return value;
  };
}

/** Parses a whole number of at least 0. */
export const parseWholeNumber = createNumberParser(
  "a whole number >= 0",
  (value) => Number.isSafeInteger(value) && value >= 0,
);

/** Parses a whole number of at least 1. */
export const parseCount = createNumberParser(
  "a whole number >= 1",
  (value) => Number.isSafeInteger(value) && value >= 1,
);

/** Creates a parser of whole numbers of at least `min`. */
export const createAtLeastParser = (min: number): ((text: string) => number) =>
  createNumberParser(
    `a whole number >= ${min}`,
    (value) => Number.isSafeInteger(value) && value >= min,
  );

/** Parses a list of different whole numbers of at least 1, and sorts it: `2,5,20`. */
export function parseAscendingCounts(text: string): readonly number[] {
  return [...new Set(text.split(",").map(parseCount))].toSorted((a, b) => a - b);
}

/** Parses a number of at least 0. */
export const parseNonNegative = createNumberParser("a number >= 0", (value) => value >= 0);

/** Parses a number above 0. */
export const parsePositive = createNumberParser("a number > 0", (value) => value > 0);

/** Parses a number of at least 0 and at most 1. */
export const parseFraction = createNumberParser(
  "a number in [0, 1]",
  (value) => value >= 0 && value <= 1,
);

/** Parses a number above 0 and at most 1. */
export const parseShare = createNumberParser(
  "a number in (0, 1]",
  (value) => value > 0 && value <= 1,
);

/** Parses a TCP port; 0 lets the system choose a free port. */
export const parsePort = createNumberParser(
  "a port, a whole number in [0, 65535]",
  (value) => Number.isInteger(value) && value >= 0 && value <= 65_535,
);

/** Parses a list of whole numbers and ranges: `0,5,10-19`. */
export function parseWholeNumbers(text: string): readonly number[] {
  try {
    return parseIndices(text);
  } catch (cause) {
    throw new InvalidArgumentError(`${(cause as Error).message}.`);
  }
}

/** Collects the values of an option that may be repeated. */
export function collectValue(
  value: string,
  before: readonly string[] | undefined,
): readonly string[] {
  return [...(before ?? []), value];
}
