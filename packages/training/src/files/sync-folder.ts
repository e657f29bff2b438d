import { open } from "node:fs/promises";

/**
 * Waits until the names in a folder are on disk, so that creating, renaming or deleting files
 * survives a power failure. Has no effect on systems that cannot open folders, such as Windows.
 */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r").catch(() => undefined);
  if (folder === undefined) return;
  try {
    await folder.sync();
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== "EINVAL" && code !== "EPERM" && code !== "EISDIR") throw cause;
  } finally {
    await folder.close();
  }
}
