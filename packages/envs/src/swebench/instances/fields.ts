import { isRecord } from "../../is-record.ts";
import { formatValue } from "../../format-value.ts";
import { InstanceError } from "./instance-error.ts";

/** Reads the fields of one row. Every error names the row, the field, the rule and the value. */
export class Fields {
  readonly #row: Readonly<Record<string, unknown>>;
  readonly #location: string;

  /** @throws `InstanceError` unless the row is an object. */
  constructor(row: unknown, location: string) {
    if (!isRecord(row)) {
      throw new InstanceError(`${location}: row must be an object, got ${formatValue(row)}`);
    }
    this.#row = row;
    this.#location = location;
  }

  has(field: string): boolean {
    const value = this.#row[field];
    return value !== undefined && value !== null;
  }

  fail(field: string, rule: string, value: unknown = this.#row[field]): never {
    throw new InstanceError(`${this.#location}: ${field} must ${rule}, got ${formatValue(value)}`);
  }

  /** A string that may be empty. */
  text(field: string): string {
    const value = this.#row[field];
    return typeof value === "string" ? value : this.fail(field, "be a string");
  }

  /** A string that is not empty and not only white space. */
  name(field: string): string {
    const value = this.text(field);
    return value.trim() === "" ? this.fail(field, "not be empty") : value;
  }

  /** Like {@link name}, and without control characters. */
  id(field: string): string {
    const value = this.name(field);
    return /\p{Cc}/u.test(value) ? this.fail(field, "contain no control characters") : value;
  }

  /**
   * Expected tests, at least one: without an expected test, an empty patch would count as a fix.
   */
  tests(field: string): readonly string[] {
    const value = this.texts(field);
    return value.length === 0 ? this.fail(field, "contain a test") : value;
  }

  /** A string; `undefined` if the field is missing or null. */
  optionalText(field: string): string | undefined {
    return this.has(field) ? this.text(field) : undefined;
  }

  /**
   * A string, or a number as a string; `undefined` for anything else. For fields without a fixed
   * type.
   */
  label(field: string): string | undefined {
    const value = this.#row[field];
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    return typeof value === "string" ? value : undefined;
  }

  /** The first of several fields that is not blank. */
  firstName(...names: readonly string[]): string | undefined {
    return names.map((name) => this.label(name)?.trim()).find((name) => name);
  }

  /**
   * A list of strings, or a string with such a list in JSON or as a Python literal: published files
   * use all three.
   */
  texts(field: string): readonly string[] {
    const raw = this.#row[field];
    const value =
      typeof raw === "string" ? (parsePythonTexts(raw) ?? this.json(field)) : this.json(field);
    if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
    return this.fail(field, "be a list of strings, or a string with such a list in JSON");
  }

  /** Fields of a nested object, or of a string with such an object in JSON. */
  inner(field: string): Fields {
    const value = this.json(field);
    if (!isRecord(value))
      return this.fail(field, "be an object, or a string with an object in JSON");
    return new Fields(value, `${this.#location}: ${field}`);
  }

  /** Shell lines: a string, or a list of strings. */
  lines(field: string): readonly string[] {
    if (!this.has(field)) return [];
    const value = this.#row[field];
    if (typeof value === "string") return value.trim() === "" ? [] : [value];
    return this.texts(field);
  }

  /** Names of all fields. */
  get names(): readonly string[] {
    return Object.keys(this.#row);
  }

  /** A value that some files store directly and others as JSON. */
  json(field: string): unknown {
    const value = this.#row[field];
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return this.fail(field, "be valid JSON");
    }
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

/** Strings of a Python list literal, `['a', "b"]`; `undefined` for other text. */
export function parsePythonTexts(text: string): readonly string[] | undefined {
  const inner = /^\s*\[([^]*)\]\s*$/u.exec(text)?.[1];
  if (inner === undefined || !inner.includes("'")) return undefined;
  const item = /\s*(?:'((?:[^'\\]|\\[^])*)'|"((?:[^"\\]|\\[^])*)")\s*(,|$)/uy;
  const texts: string[] = [];
  while (item.lastIndex < inner.length) {
    const start = item.lastIndex;
    const match = item.exec(inner);
    if (match === null) {
      // No match: either the end of the list, or the text is not a Python list. JSON with an
      // apostrophe in a string also gets here.
      return inner.slice(start).trim() === "" ? texts : undefined;
    }
    texts.push(
      (match[1] ?? match[2]!).replaceAll(
        /\\([^])/gu,
        (_, letter: string) => escapes[letter] ?? letter,
      ),
    );
  }
  return texts;
}
