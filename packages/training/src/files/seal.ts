import { join } from "node:path";
import * as z from "zod";
import { InputError } from "../input-error.ts";
import { digestFolder, fileDigestSchema, findFolderDamage, type FileDigests } from "./digests.ts";
import { readChecked } from "./read-checked.ts";
import { syncFolder } from "./sync-folder.ts";
import { writeWhole } from "./write-whole.ts";

/** Digests of a folder that never changes after it is complete. */
export interface Seal {
  /** Digests of the files in the folder. */
  readonly files: FileDigests;
  /** Digests of growing files elsewhere, at their length when the folder was sealed. */
  readonly logs: FileDigests;
}

/** Name of the file with the digests in a sealed folder. */
export const sealName = "digests.json";

const sealSchema: z.ZodType<Seal> = z.strictObject({
  files: z.record(z.string(), fileDigestSchema),
  logs: z.record(z.string(), fileDigestSchema),
});

/** Waits until all files of a folder are on disk, and writes their digests into it. */
export async function sealFolder(path: string, logs: FileDigests): Promise<void> {
  const seal: Seal = { files: await digestFolder(path), logs };
  await writeWhole(join(path, sealName), `${JSON.stringify(seal, null, 2)}\n`);
  await syncFolder(path);
}

/**
 * Checks every file of a sealed folder.
 * @throws {@link InputError} naming the first file that is missing or has changed.
 */
export async function checkSeal(path: string): Promise<Seal> {
  const seal = await readChecked(join(path, sealName), sealSchema);
  const damage = await findFolderDamage(path, seal.files);
  if (damage !== undefined) throw new InputError(damage);
  return seal;
}
