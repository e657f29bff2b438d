import { isRecord } from "../../is-record.ts";
import { InstanceError, shown } from "./instance-error.ts";

/** Reads the fields of one row; every complaint names the place, the field, the rule and the value. */
export class Fields {
  readonly #row: Readonly<Record<string, unknown>>;
  readonly #place: string;

  /** @throws `InstanceError` unless the row is an object. */
  constructor(row: unknown, place: string) {
    if (!isRecord(row)) {
      throw new InstanceError(`${place}: row must be an object, got ${shown(row)}`);
    }
    this.#row = row;
    this.#place = place;
  }

  has(field: string): boolean {
    const value = this.#row[field];
    return value !== undefined && value !== null;
  }

  fail(field: string, rule: string, value: unknown = this.#row[field]): never {
    throw new InstanceError(`${this.#place}: ${field} must ${rule}, got ${shown(value)}`);
  }

  /** A text that may be empty. */
  text(field: string): string {
    const value = this.#row[field];
    return typeof value === "string" ? value : this.fail(field, "be a text");
  }

  /** A text that says something. */
  name(field: string): string {
    const value = this.text(field);
    return value.trim() === "" ? this.fail(field, "not be empty") : value;
  }

  /** A name that can be printed on one line. */
  id(field: string): string {
    const value = this.name(field);
    return /\p{Cc}/u.test(value) ? this.fail(field, "hold no control characters") : value;
  }

  /** Tests that decide: at least one. Without one, a patch that changes nothing is a fix. */
  tests(field: string): readonly string[] {
    const value = this.texts(field);
    return value.length === 0 ? this.fail(field, "hold a test") : value;
  }

  /** A text, or something else where the field is missing or null. */
  optionalText(field: string): string | undefined {
    return this.has(field) ? this.text(field) : undefined;
  }

  /** A text or a number as text; `undefined` for anything else. For fields without a fixed type. */
  label(field: string): string | undefined {
    const value = this.#row[field];
    if (typeof value === "number" || typeof value === "bigint") return String(value);
    return typeof value === "string" ? value : undefined;
  }

  /** The first of some fields that says something. */
  firstName(...names: readonly string[]): string | undefined {
    return names.map((name) => this.label(name)?.trim()).find((name) => name);
  }

  /** A list of texts, or JSON or a Python literal of one: all stand in published files. */
  texts(field: string): readonly string[] {
    const raw = this.#row[field];
    const value =
      typeof raw === "string" ? (parsePythonTexts(raw) ?? this.json(field)) : this.json(field);
    if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
    return this.fail(field, "be a list of texts, or JSON of one");
  }

  /** The fields of an object, or of JSON of one, within this row. */
  inner(field: string): Fields {
    const value = this.json(field);
    if (!isRecord(value)) return this.fail(field, "be an object, or JSON of one");
    return new Fields(value, `${this.#place}: ${field}`);
  }

  /** Shell lines: a text, or a list of texts. */
  lines(field: string): readonly string[] {
    if (!this.has(field)) return [];
    const value = this.#row[field];
    if (typeof value === "string") return value.trim() === "" ? [] : [value];
    return this.texts(field);
  }

  /** Names of the fields. */
  get names(): readonly string[] {
    return Object.keys(this.#row);
  }

  /** A value that is JSON in some files and itself in others. */
  json(field: string): unknown {
    const value = this.#row[field];
    if (typeof value !== "string") return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      return this.fail(field, "hold JSON");
    }
  }
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r" };

/** Texts of a Python list literal with single quotes, `['a', "b"]`; `undefined` for other text. */
export function parsePythonTexts(text: string): readonly string[] | undefined {
  const inner = /^\s*\[([^]*)\]\s*$/u.exec(text)?.[1];
  if (inner === undefined || !inner.includes("'")) return undefined;
  const item = /\s*(?:'((?:[^'\\]|\\[^])*)'|"((?:[^"\\]|\\[^])*)")\s*(,|$)/uy;
  const texts: string[] = [];
  while (item.lastIndex < inner.length) {
    const start = item.lastIndex;
    const match = item.exec(inner);
    if (match === null) {
      // JSON may hold apostrophes within its texts.
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
