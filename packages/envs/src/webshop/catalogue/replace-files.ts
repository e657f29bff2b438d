import { mkdir, mkdtemp, readdir, rename, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";

const prefix = ".building-";

/**
 * Writes files to a temporary folder inside `folder`, and renames them into `folder` once all are
 * complete. If `write` fails, the folder is unchanged.
 *
 * @param names - Files that `write` creates, in the order in which they are renamed: readers should
 *   be able to check, from the last file, whether the others belong to it.
 */
export async function replaceFiles<T>(
  folder: string,
  names: readonly string[],
  write: (temporary: string) => Promise<T>,
): Promise<T> {
  const created = await mkdir(folder, { recursive: true });
  await removeLeftovers(folder);
  const temporary = await mkdtemp(join(folder, `${prefix}${process.pid}-`));
  try {
    const result = await write(temporary);
    for (const name of names) await rename(join(temporary, name), join(folder, name));
    return result;
  } finally {
    await rm(temporary, { recursive: true, force: true });
    // Removes an empty folder that this call created; existing folders are kept, even empty ones.
    if (created !== undefined) await rmdir(folder).catch(() => undefined);
  }
}

/** Removes temporary folders of processes that were killed. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = new RegExp(`^\\${prefix}(\\d+)-`, "u").exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
