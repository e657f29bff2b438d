import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { decodeText } from "@turnwise/core";
import { InputError, readInput } from "@turnwise/training";

/**
 * Reads the text of a file, or of standard input (`-`), to its end. See `decodeText`.
 * @throws {@link InputError} naming the file if it cannot be read or is not text.
 */
export async function readText(
  path: string,
  options: { readonly invalid?: "refuse" | "replace" } = {},
): Promise<string> {
  const source = path === "-" ? "standard input" : path;
  const bytes = await (path === "-" ? buffer(process.stdin) : readFile(path)).catch(
    (cause: Error) => {
      throw new InputError(`${source}: file cannot be read: ${cause.message}`, { cause });
    },
  );
  return readInput(() => decodeText(bytes, source, options));
}
