import { open } from "node:fs/promises";
import { join } from "node:path";
import type { RunSource } from "./run-source.ts";

/**
 * Creates a source from a run folder on disk. For a missing file, `read` returns `undefined`; all
 * other errors of Node.js are thrown.
 */
export function createFolderSource(path: string): RunSource {
  return {
    name: path,
    read: async (file, range) => {
      const handle = await open(join(path, file), "r").catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === "ENOENT" || cause.code === "ENOTDIR") return undefined;
        throw cause;
      });
      if (handle === undefined) return undefined;
      try {
        if (range === undefined) return new Uint8Array(await handle.readFile());
        const bytes = new Uint8Array(range.length);
        let filled = 0;
        while (filled < bytes.length) {
          const { bytesRead } = await handle.read(
            bytes,
            filled,
            bytes.length - filled,
            range.offset + filled,
          );
          if (bytesRead === 0) break;
          filled += bytesRead;
        }
        return bytes.subarray(0, filled);
      } finally {
        await handle.close();
      }
    },
  };
}
