import { readFile } from "node:fs/promises";
import { decodeText } from "@turnwise/core";
import { writeFileAtomically } from "./atomic-file.ts";

/** Parsed JSON object with unchecked fields. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** True for an object; false for lists. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** True for a field without effect: null, false, or an empty list or object. */
export function isSwitchedOff(value: unknown): boolean {
  return (
    value === null ||
    value === undefined ||
    value === false ||
    (typeof value === "object" && Object.keys(value).length === 0)
  );
}

/** True for an error that means "no such file". */
export function isMissingFile(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}

/** Parses a JSON object. @throws `Error` naming the source. */
export function parseJsonObject(text: string, source: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new Error(`${source}: file is not valid JSON: ${String(cause)}`, { cause });
  }
  if (!isJsonObject(value)) throw new Error(`${source}: must be a JSON object, got ${text}`);
  return value;
}

/** Reads a JSON object from a file, see `decodeText`. @throws `Error` naming the file. */
export async function readJson(path: string): Promise<JsonObject> {
  return parseJsonObject(decodeText(await readFile(path), path), path);
}

/** Reads a JSON object from a file; `undefined` if there is no such file. */
export async function readJsonIfPresent(path: string): Promise<JsonObject | undefined> {
  try {
    return await readJson(path);
  } catch (error) {
    if (isMissingFile(error)) return undefined;
    throw error;
  }
}

/** Writes an indented JSON file atomically. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeFileAtomically(path, [`${JSON.stringify(value, null, 2)}\n`]);
}
