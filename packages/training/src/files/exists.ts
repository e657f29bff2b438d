import { access } from "node:fs/promises";

/** Checks that a file or folder exists; links are followed. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
