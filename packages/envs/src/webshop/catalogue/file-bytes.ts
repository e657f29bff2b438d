import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { createGunzip } from "node:zlib";
import { zipProblem } from "../../zip-archive.ts";
import { CatalogueError } from "./catalogue-error.ts";

/**
 * Streams a file, decompressed if it is gzip (detected by its first bytes, not its name).
 * @throws `CatalogueError` if the file cannot be read or decompressed.
 */
export async function* fileBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    const file = await open(path);
    const head = Buffer.alloc(4);
    try {
      await file.read(head, 0, 4, 0);
    } finally {
      await file.close();
    }
    const problem = zipProblem(head);
    if (problem !== undefined) throw new CatalogueError(`${path}: ${problem}`);
    const source = createReadStream(path, { highWaterMark: 1 << 18 });
    if (head[0] !== 0x1f || head[1] !== 0x8b) {
      yield* source;
      return;
    }
    const unpacked = createGunzip();
    // A pipe does not forward errors.
    source.on("error", (error) => unpacked.destroy(error));
    try {
      yield* source.pipe(unpacked);
    } finally {
      source.destroy();
    }
  } catch (cause) {
    if (cause instanceof CatalogueError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CatalogueError(`${path}: the file cannot be read: ${message}`, { cause });
  }
}
