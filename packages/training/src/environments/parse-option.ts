import { z } from "zod";
import { describeType } from "../settings/describe-type.ts";

type Parse = (text: string) => unknown;

/** Form of a setting on the command line. */
export interface OptionType {
  /** Placeholder of the value; absent for a flag. */
  readonly value?: string;
  readonly choices?: readonly string[];
  /** Present if the option may be repeated; each occurrence adds an entry. */
  readonly isRepeated?: true;
  /** Parses the text. Default: the text unchanged. */
  readonly parse?: Parse;
}

/**
 * Finds how a setting is given on the command line.
 * @param schema - Schema without wrappers.
 * @throws `TypeError` for a type without a command-line form, such as an object.
 */
export function findOptionType(schema: z.core.$ZodType): OptionType {
  if (schema instanceof z.ZodBoolean) return {};
  if (schema instanceof z.ZodString) return { value: "text" };
  if (schema instanceof z.ZodEnum) return { value: "name", choices: listNames(schema) };
  if (schema instanceof z.ZodNumber) {
    return { value: "number", parse: (text) => parseNumber(schema, text) };
  }
  if (schema instanceof z.ZodArray) {
    const { element } = schema;
    if (element instanceof z.ZodString) return { value: "text", isRepeated: true };
    if (element instanceof z.ZodNumber) return { value: "numbers", parse: parseIndices };
    if (element instanceof z.ZodEnum) {
      const known = listNames(element);
      return { value: "names", parse: (text) => parseNames(text, known) };
    }
  }
  throw new TypeError(`findOptionType: schema must have a text form`);
}

const listNames = (schema: z.ZodEnum): readonly string[] => schema.options.map(String);

function parseNumber(schema: z.ZodNumber, text: string): number {
  const result = schema.safeParse(text.trim() === "" ? undefined : Number(text));
  if (result.success) return result.data;
  throw new RangeError(`it must be a ${describeType(schema)}`);
}

/**
 * Parses comma-separated names.
 * @param find - Returns the known names that an entry matches. Default: the name that equals the
 *   entry.
 * @throws `RangeError` for an entry that matches no name, or several.
 */
export function parseNames(
  text: string,
  known: readonly string[],
  find = (entry: string): readonly string[] => known.filter((name) => name === entry),
): readonly string[] {
  return text.split(",").map((part) => {
    const entry = part.trim();
    if (known.includes(entry)) return entry;
    const found = entry === "" ? [] : find(entry);
    if (found.length === 1) return found[0]!;
    const allowed = found.length > 1 ? found : known;
    throw new RangeError(`each entry must be one of ${allowed.join(", ")}, got ${entry || "none"}`);
  });
}

/**
 * Parses a list of whole numbers and ranges: `0,5,10-19`.
 * @throws `RangeError` stating the rule, for any other text.
 */
export function parseIndices(text: string): readonly number[] {
  return text.split(",").flatMap((part) => {
    const range = /^\s*(\d+)\s*(?:-\s*(\d+)\s*)?$/u.exec(part);
    if (range === null) {
      throw new RangeError("it must be a list of whole numbers >= 0 or ranges, such as 0,5,10-19");
    }
    const first = Number(range[1]);
    const last = Number(range[2] ?? first);
    if (first <= last && last - first < 1_000_000) {
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    }
    throw new RangeError(
      "a range must not end before its start, and must have at most 1000000 numbers",
    );
  });
}
