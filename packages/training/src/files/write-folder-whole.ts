import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { syncFolder } from "./sync-folder.ts";

/**
 * Writes a folder under a temporary name and renames it, so that it appears complete. An existing folder
 * is replaced; what an interrupted call left is removed.
 * @param write - Writes the files into an empty folder.
 */
export async function writeFolderWhole(
  path: string,
  write: (folder: string) => Promise<void>,
): Promise<void> {
  const temporary = `${path}.part`;
  await rm(temporary, { recursive: true, force: true });
  await mkdir(temporary, { recursive: true });
  await write(temporary);
  await rm(path, { recursive: true, force: true });
  await rename(temporary, path);
  await syncFolder(dirname(path));
}
