import { InvalidArgumentError } from "commander";

/** Parses a whole number of at least 0 from the command line. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !Number.isSafeInteger(value) || value < 0) {
    throw new InvalidArgumentError("It must be a whole number >= 0.");
  }
  return value;
}

/** Collects the values of an option that may be repeated. */
export function repeated(value: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), value];
}

/** Parses a list of whole numbers and ranges: `0,5,10-19`. */
export function wholeNumbers(text: string): readonly number[] {
  return text.split(",").flatMap((entry) => {
    const range = /^\s*(\d+)\s*-\s*(\d+)\s*$/u.exec(entry);
    if (!range) return [wholeNumber(entry)];
    const [first, last] = [wholeNumber(range[1]!), wholeNumber(range[2]!)];
    if (first <= last && last - first < 1_000_000) {
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    }
    throw new InvalidArgumentError("A range must go from a number up to another.");
  });
}
