import { readFile } from "node:fs/promises";
import { decodeText } from "@turnwise/core";
import { GameFileError } from "./game-file-error.ts";

/** Decodes text, see `decodeText`. @throws `GameFileError` naming the source. */
export function decodeGameText(bytes: Uint8Array, source: string): string {
  try {
    return decodeText(bytes, source);
  } catch (cause) {
    throw new GameFileError((cause as Error).message, { cause });
  }
}

/**
 * Reads a text file.
 * @throws `GameFileError` naming the file if it cannot be read or is not text.
 */
export async function readGameText(path: string): Promise<string> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new GameFileError(`${path}: the file cannot be read: ${cause.message}`, { cause });
  });
  return decodeGameText(bytes, path);
}
