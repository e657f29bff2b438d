import { readFile } from "node:fs/promises";
import { decodeText } from "@turnwise/core";
import { InputError, readInput } from "../input-error.ts";

/** Reads a JSON file. @throws {@link InputError} if it cannot be read or is not JSON. */
export async function readJson(path: string): Promise<unknown> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new InputError(`${path}: file cannot be read: ${(cause as Error).message}`, {
      cause,
    });
  });
  const text = await readInput(() => decodeText(bytes, path));
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InputError(`${path}: file is not valid JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}
