import { access } from "node:fs/promises";
import { dirname, join } from "node:path";

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

/**
 * Rejects a folder whose only weights are a pickle file; returns if there is none.
 * @param path - The missing safetensors file.
 * @param names - Names of pickle files to look for in its folder.
 * @throws `Error` naming the pickle file.
 */
export async function refusePickle(path: string, names: readonly string[]): Promise<void> {
  if (await exists(path)) return;
  for (const name of names) {
    const pickle = join(dirname(path), name);
    if (!(await exists(pickle))) continue;
    throw new Error(
      `${pickle}: weights must be a safetensors file, got a pickle file, which is not supported since reading it runs code; save it again with safe_serialization=True`,
    );
  }
}
