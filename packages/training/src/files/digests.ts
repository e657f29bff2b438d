import { createHash } from "node:crypto";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";

/** Size and SHA-256 of a file, or of the first bytes of a growing file. */
export interface FileDigest {
  readonly bytes: number;
  /** SHA-256 as 64 hexadecimal digits. */
  readonly sha256: string;
}

/** Digests of files by path; paths are relative and use `/`. */
export type FileDigests = Readonly<Record<string, FileDigest>>;

export const fileDigestSchema: z.ZodType<FileDigest> = z.strictObject({
  bytes: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/u, "must be 64 hexadecimal digits"),
});

/** Number of bytes read at a time. */
const chunkBytes = 1 << 20;

/** Computes the digest of bytes in memory. */
export function digestBytes(content: Uint8Array): FileDigest {
  return { bytes: content.length, sha256: createHash("sha256").update(content).digest("hex") };
}

/**
 * Computes the digest of a file.
 * @param numBytes - Maximum number of bytes from the start of the file. Default: all.
 */
export async function digestFile(path: string, numBytes = Infinity): Promise<FileDigest> {
  const file = await open(path, "r");
  try {
    const hash = createHash("sha256");
    const chunk = Buffer.allocUnsafe(chunkBytes);
    let bytes = 0;
    while (bytes < numBytes) {
      const wanted = Math.min(chunkBytes, numBytes - bytes);
      const { bytesRead } = await file.read(chunk, 0, wanted, bytes);
      if (bytesRead === 0) break;
      hash.update(chunk.subarray(0, bytesRead));
      bytes += bytesRead;
    }
    return { bytes, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

/** Computes the digests of all files below a folder, after waiting until they are on disk. */
export async function digestFolder(path: string): Promise<FileDigests> {
  const digests: Record<string, FileDigest> = {};
  for (const name of await listFiles(path)) {
    await syncFile(join(path, name));
    digests[name] = await digestFile(join(path, name));
  }
  return digests;
}

/** Waits until the content of a file is on disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, "r+");
  try {
    await file.datasync();
  } finally {
    await file.close();
  }
}

/**
 * Compares a file with its digest.
 * @returns Description of the difference, naming the file; `undefined` if the file matches its
 *   digest.
 */
export async function findDamage(
  path: string,
  { bytes, sha256 }: FileDigest,
): Promise<string | undefined> {
  let found: FileDigest;
  try {
    found = await digestFile(path, bytes + 1);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    return code === "ENOENT" ? `${path}: no such file` : `${path}: file cannot be read: ${message}`;
  }
  if (found.bytes !== bytes) {
    const got = found.bytes > bytes ? "more" : String(found.bytes);
    return `${path}: must have the ${bytes} bytes with which it was written, got ${got}`;
  }
  if (found.sha256 === sha256) return undefined;
  return `${path}: must have the SHA-256 with which it was written, ${sha256}, got ${found.sha256}`;
}

/** Describes the first file that does not match its digest; `undefined` if all files match. */
export async function findFolderDamage(
  path: string,
  digests: FileDigests,
): Promise<string | undefined> {
  for (const [name, digest] of Object.entries(digests)) {
    const damage = await findDamage(join(path, name), digest);
    if (damage !== undefined) return damage;
  }
  return undefined;
}

/** Lists the paths of all files below a folder, sorted. */
async function listFiles(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1))
    .map((name) => name.replaceAll("\\", "/"))
    .sort();
}
