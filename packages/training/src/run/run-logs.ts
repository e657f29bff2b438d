import { appendFile, readdir, readFile, rm, truncate } from "node:fs/promises";
import { join } from "node:path";
import {
  digestFile,
  fileDigestSchema,
  findDamage,
  syncFile,
  type FileDigest,
  type FileDigests,
} from "../files/digests.ts";
import { exists } from "../files/exists.ts";
import { syncFolder } from "../files/sync-folder.ts";
import { InputError, readInput } from "../input-error.ts";
import { parseJsonLines } from "../records/parse-json-lines.ts";

/** Log of the digests of a run's packed files and final policy, one line per file. */
export const filesLog = "files.jsonl";
/** Files that a run appends to. */
const logNames = ["metrics.jsonl", "timings.jsonl", filesLog] as const;
/** Folders whose files are all listed in {@link filesLog}. */
const packedFolders = ["trajectories", "audit"] as const;

/** Digest of a file of a run, with its path relative to the run folder. */
export interface LoggedFile extends FileDigest {
  readonly path: string;
}

const fileOf = (line: unknown, source: string): LoggedFile => {
  const { path, ...digest } = line as LoggedFile;
  const result = fileDigestSchema.safeParse(digest);
  if (typeof path === "string" && result.success) return { path, ...result.data };
  throw new InputError(
    `${source}: every line must have path, bytes and sha256, got ${JSON.stringify(line)}`,
  );
};

/** Appends a line of JSON to a log. */
export async function appendLine(folder: string, name: string, value: object): Promise<void> {
  await appendFile(join(folder, name), `${JSON.stringify(value)}\n`);
}

/**
 * Computes the digests of a run's logs, after waiting until the logs and the names of the packed
 * files are on disk.
 */
export async function digestLogs(folder: string): Promise<FileDigests> {
  const digests: Record<string, FileDigest> = {};
  for (const name of logNames) {
    const path = join(folder, name);
    if (!(await exists(path))) continue;
    await syncFile(path);
    digests[name] = await digestFile(path);
  }
  for (const name of packedFolders) await syncFolder(join(folder, name));
  await syncFolder(folder);
  return digests;
}

/**
 * Truncates the logs of a run to their length at an earlier point, and deletes the packed files of
 * later segments. All logs are checked before any is truncated.
 * @throws {@link InputError} naming a log that has changed since then.
 */
export async function rewindLogs(folder: string, logs: FileDigests): Promise<void> {
  await checkLogs(folder, logs);
  for (const name of logNames) {
    const path = join(folder, name);
    if (await exists(path)) await truncate(path, logs[name]?.bytes ?? 0);
  }
  const kept = new Set((await listLoggedFiles(folder)).map(({ path }) => path));
  for (const name of packedFolders) {
    const files: string[] = await readdir(join(folder, name)).catch(() => []);
    // Delete in the order of names, so that an index is deleted before its file.
    for (const file of files.sort()) {
      if (!kept.has(`${name}/${file}`)) await rm(join(folder, name, file), { force: true });
    }
  }
}

/** Lists the logged files of a run; if a file was written twice, the later digest counts. */
export async function listLoggedFiles(folder: string): Promise<LoggedFile[]> {
  const path = join(folder, filesLog);
  if (!(await exists(path))) return [];
  const bytes = await readFile(path);
  const lines = await readInput(() => parseJsonLines(bytes, path));
  const files = lines.map((line) => fileOf(line, path));
  return [...new Map(files.map((file) => [file.path, file])).values()];
}

/** Describes the damage of logged files, one line for each file that is missing or has changed. */
export async function findDamagedFiles(
  folder: string,
  files: readonly LoggedFile[],
  onProgress?: (done: number, total: number) => void,
): Promise<string[]> {
  const problems: string[] = [];
  for (const [i, { path, ...digest }] of files.entries()) {
    onProgress?.(i, files.length);
    const damage = await findDamage(join(folder, path), digest);
    if (damage !== undefined) problems.push(damage);
  }
  return problems;
}

/**
 * Checks that the contents of a run's logs up to an earlier point are unchanged.
 * @throws {@link InputError} naming a log that has changed since then.
 */
export async function checkLogs(folder: string, logs: FileDigests): Promise<void> {
  for (const name of logNames) {
    const digest = logs[name];
    if (digest !== undefined) await checkPrefix(join(folder, name), digest);
  }
}

/** Checks that the first bytes of a log still match its digest. */
async function checkPrefix(path: string, { bytes, sha256 }: FileDigest): Promise<void> {
  if (!(await exists(path))) throw new InputError(`${path}: no such file`);
  const found = await digestFile(path, bytes);
  if (found.bytes < bytes) {
    throw new InputError(
      `${path}: must have at least ${bytes} bytes, its length at the checkpoint, got ${found.bytes}`,
    );
  }
  if (found.sha256 === sha256) return;
  // If a line is not JSON, the error names the line.
  const content = await readFile(path);
  await readInput(() => parseJsonLines(content.subarray(0, bytes), path));
  throw new InputError(
    `${path}: its first ${bytes} bytes must have the SHA-256 that the checkpoint recorded, ${sha256}, got ${found.sha256}`,
  );
}
