import { parseIndices } from "@turnwise/training/study";
import { InvalidArgumentError } from "commander";

/** Makes a parser of numbers. @param rule - Completes "It must be ...". */
function numberParser(
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
export const wholeNumber = numberParser(
  "a whole number >= 0",
  (value) => Number.isSafeInteger(value) && value >= 0,
);

/** Parses a whole number of at least 1. */
export const positiveNumber = numberParser(
  "a whole number >= 1",
  (value) => Number.isSafeInteger(value) && value >= 1,
);

/** Parses a number of at least 0. */
export const nonNegative = numberParser("a number >= 0", (value) => value >= 0);

/** Parses a number above 0. */
export const aboveZero = numberParser("a number > 0", (value) => value > 0);

/** Parses a number of at least 0 and at most 1. */
export const upToOne = numberParser("a number in [0, 1]", (value) => value >= 0 && value <= 1);

/** Parses a number above 0 and at most 1. */
export const share = numberParser("a number in (0, 1]", (value) => value > 0 && value <= 1);

/** Parses a TCP port; 0 takes a free one. */
export const port = numberParser(
  "a port, a whole number in [0, 65535]",
  (value) => Number.isInteger(value) && value >= 0 && value <= 65_535,
);

/** Parses a list of whole numbers and ranges: `0,5,10-19`. */
export function wholeNumbers(text: string): readonly number[] {
  try {
    return parseIndices(text);
  } catch (cause) {
    throw new InvalidArgumentError(`${(cause as Error).message}.`);
  }
}

/** Collects the values of an option that may be repeated. */
export function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}
