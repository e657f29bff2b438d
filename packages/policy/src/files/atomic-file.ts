import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";

/**
 * Writes a file so that a reader sees the old content or the new content, never a part: writes to a
 * temporary file in the same folder, then renames it.
 * @param parts - Content in parts; each part is written completely before the next is requested.
 */
export async function writeFileAtomically(
  path: string,
  parts: Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>,
): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(temporary, "wx");
    try {
      for await (const part of parts) {
        const bytes = typeof part === "string" ? Buffer.from(part) : part;
        // A write may be partial; continue after the bytes that were written.
        for (let offset = 0; offset < bytes.byteLength;) {
          const { bytesWritten } = await file.write(bytes, offset);
          offset += bytesWritten;
        }
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}
