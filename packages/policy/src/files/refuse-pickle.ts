import { access } from "node:fs/promises";
import { dirname, join } from "node:path";

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Throws if a folder has weights only as a pickle file.
 * @param path - The missing safetensors file.
 * @param names - Names of pickle files to look for in the same folder.
 * @throws `Error` naming the pickle file.
 */
export async function refusePickle(path: string, names: readonly string[]): Promise<void> {
  if (await exists(path)) return;
  for (const name of names) {
    const pickle = join(dirname(path), name);
    if (!(await exists(pickle))) continue;
    throw new Error(
      `${pickle}: weights must be a safetensors file, got a pickle file, which is not supported because reading it executes code; save the model again with safe_serialization=True`,
    );
  }
}
