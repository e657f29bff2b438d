import { createHash } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";

/** Files whose content depends on time or on the process: only their presence is compared. */
const timed = [
  /(?:^|\/)manifest\.json$/u,
  /(?:^|\/)heartbeat\.json$/u,
  /(?:^|\/)timings\.jsonl$/u,
  // Hold the lengths of timings.jsonl.
  /(?:^|\/)digests\.json$/u,
  /(?:^|\/)cells\/[^/]+\.json$/u,
  // Evidence contains durations and ids of containers.
  /(?:^|\/)audit\//u,
  // Holds the digests of evidence, and of weights with their headers.
  /(?:^|\/)files\.jsonl$/u,
  /(?:^|\/)logs\/[^/]+\.log$/u,
];

/** Lists the paths of the files below a folder, relative to it and sorted. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

/** Maps the path of each file of a folder to its digest; of a timed file, to an empty text. */
export async function listDigests(folder: string): Promise<Map<string, string>> {
  const digests = new Map<string, string>();
  for (const path of await listFiles(folder)) {
    const isTimed = timed.some((pattern) => pattern.test(path));
    digests.set(path, isTimed ? "" : hash(await readFile(join(folder, path)), path));
  }
  return digests;
}

/** Digest of a file; of weights, without the header, which names the run's folder. */
function hash(bytes: Buffer, path: string): string {
  const isWeights = path.endsWith(".safetensors");
  const content = isWeights ? bytes.subarray(8 + Number(bytes.readBigUInt64LE(0))) : bytes;
  return createHash("sha256").update(content).digest("hex");
}

/** Describes how a folder differs from the expected one: `missing PATH`, `left over PATH`, `differs PATH`. */
export function compareDigests(
  expected: ReadonlyMap<string, string>,
  found: ReadonlyMap<string, string>,
): string[] {
  return [
    ...[...expected.keys()].filter((path) => !found.has(path)).map((path) => `missing ${path}`),
    ...[...found.keys()].filter((path) => !expected.has(path)).map((path) => `left over ${path}`),
    ...[...expected]
      .filter(([path, digest]) => found.has(path) && found.get(path) !== digest)
      .map(([path]) => `differs ${path}`),
  ];
}
