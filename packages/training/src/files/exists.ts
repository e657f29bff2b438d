import { access } from "node:fs/promises";

/** True if a file or folder exists; symbolic links are followed. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
