import { InstanceError, isPlain, shown } from "./instance-error.ts";

/** Reads the fields of one row; every complaint names the place, the field, the rule and the value. */
export class Fields {
  readonly #row: Readonly<Record<string, unknown>>;
  readonly #place: string;

  /** @throws `InstanceError` unless the row is an object. */
  constructor(row: unknown, place: string) {
    if (!isPlain(row)) {
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

  /** A text, or something else where the field is missing or null. */
  optionalText(field: string): string | undefined {
    return this.has(field) ? this.text(field) : undefined;
  }

  /** A list of texts, or JSON of one: both stand in published files. */
  texts(field: string): readonly string[] {
    const value = this.json(field);
    if (Array.isArray(value) && value.every((entry) => typeof entry === "string")) return value;
    return this.fail(field, "be a list of texts, or JSON of one");
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
