import type { JsonObject } from "../../files/json-file.ts";

/**
 * Reader for the fields of one JSON object. Its errors name the source, the field and the value.
 */
export interface ConfigReader {
  readonly json: JsonObject;
  /** Reports an invalid field. @throws `RangeError` stating that the field must follow the rule. */
  readonly fail: (field: string, rule: string) => never;
  /** Reads a positive number. */
  readonly number: (field: string, fallback?: number) => number;
  /** Reads a positive whole number. */
  readonly count: (field: string, fallback?: number) => number;
}

/**
 * Creates a reader for a JSON object.
 * @param source - Name for messages, usually the path of the file.
 */
export function configReader(json: JsonObject, source: string): ConfigReader {
  const fail = (field: string, rule: string): never => {
    throw new RangeError(`${source}: ${field} must ${rule}, got ${JSON.stringify(json[field])}`);
  };
  const number = (field: string, fallback?: number): number => {
    const value = json[field] ?? fallback;
    if (typeof value !== "number" || !Number.isFinite(value) || value <= 0) {
      return fail(field, "be a number > 0");
    }
    return value;
  };
  const count = (field: string, fallback?: number): number => {
    const value = number(field, fallback);
    return Number.isSafeInteger(value) ? value : fail(field, "be a whole number");
  };
  return { json, fail, number, count };
}
