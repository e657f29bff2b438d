import {
  ContainerError,
  type CommandResult,
  type Container,
  type OutputBytes,
} from "../../containers/container.ts";
import {
  isTestCode,
  protectedPaths,
  protectionByName,
  type ProtectedPath,
  type Protection,
} from "./protected-paths.ts";

const maxListBytes = 256 * 2 ** 20;
/** Lists all files except git's objects, which are large and irrelevant to a patch. */
const listFiles = "find . \\( -path ./.git/objects -o -path ./.git/logs \\) -prune -o ! -type d";

/**
 * Leave out compiled code, which is rebuilt, and virtual environments, which are too large to copy.
 */
const notCopied = new Set<Protection>(["compiled code", "virtual environment"]);

/** State of a repository before a patch, from which {@link restoreProtected} restores files. */
export interface TreeSnapshot {
  readonly folder: string;
  readonly files: ReadonlySet<string>;
  readonly installed: ReadonlySet<string>;
  /** Path prefix of the snapshot's own files in the container. */
  readonly store: string;
}

async function run(
  container: Container,
  command: string,
  options: { readonly cwd: string; readonly input?: string | Uint8Array },
): Promise<CommandResult> {
  const result = await container.exec(command, {
    ...options,
    timeoutSeconds: 600,
    maxBytes: maxListBytes,
  });
  if (result.exitCode === 0 && !result.isTruncated) return result;
  throw new ContainerError(
    "image",
    `${container.image}: the repository could not be read: ${result.stderr.toString("utf8").trim().slice(0, 200)}`,
  );
}

/** Paths with one character per byte, to preserve the bytes. */
function parsePaths(output: OutputBytes): string[] {
  return output
    .toString("latin1")
    .split("\0")
    .filter((path) => path !== "")
    .map((path) => path.replace(/^\.\//u, ""));
}

const encodePaths = (paths: readonly string[]): Buffer =>
  Buffer.from(paths.map((path) => `./${path}\0`).join(""), "latin1");

/**
 * Records the files of a repository before a patch is applied, and copies those that a patch must
 * not change.
 * @param name - Distinguishes the files of the snapshot in `/tmp`.
 */
export async function snapshotTree(
  container: Container,
  folder: string,
  name: string,
): Promise<TreeSnapshot> {
  const store = `/tmp/.turnwise-${name}`;
  const listed = await run(container, `${listFiles} -print0`, { cwd: folder });
  const files = parsePaths(listed.stdout);
  const copied = files.filter((path) => {
    const protection = protectionByName(path) ?? (isTestCode(path) ? "tests" : undefined);
    return protection !== undefined && !notCopied.has(protection);
  });
  await run(container, `tar -cf ${store}.tar --null --no-recursion -T -`, {
    cwd: folder,
    input: encodePaths(copied),
  });
  const packages = await run(
    container,
    `find / -xdev -path ${folder} -prune -o -type d \\( -name site-packages -o -name dist-packages \\) -print 2>/dev/null | while read -r d; do ls -1 "$d"; done; true`,
    { cwd: "/" },
  );
  // Makes the files of the patch newer than the time stamp, even on file systems with coarse times.
  await run(container, `touch ${store} && sleep 0.05`, { cwd: "/" });
  const installed = packages.stdout
    .toString("utf8")
    .split("\n")
    .filter((entry) => /^\w+(?:\.py|\.[\w-]*\.so)?$/u.test(entry) && entry !== "__pycache__")
    .map((entry) => entry.replace(/\..*$/u, ""));
  return { folder, files: new Set(files), installed: new Set(installed), store };
}

/**
 * Reverts changes of a patch to test configuration, start-up code and the like (see {@link
 * protectedPaths}): existing files get their old content, new files are removed. Call this before
 * any code of the patch runs.
 * @param rewritten - Files that the test run rewrites itself.
 * @returns Restored paths, and all paths that the patch changes. An existing file of a virtual
 *   environment is only removed, because environments are too large to copy.
 */
export async function restoreProtected(
  container: Container,
  { folder, files: before, installed, store }: TreeSnapshot,
  rewritten: ReadonlySet<string> = new Set(),
): Promise<{
  readonly restored: readonly ProtectedPath[];
  readonly changed: ReadonlySet<string>;
}> {
  const listed = await run(
    container,
    `${listFiles} -print0; printf '/\\0'; ${listFiles} -cnewer ${store} -print0`,
    { cwd: folder },
  );
  const all = parsePaths(listed.stdout);
  const middle = all.indexOf("/");
  const after = new Set(all.slice(0, middle));
  const changed = new Set(all.slice(middle + 1));
  for (const path of before) if (!after.has(path)) changed.add(path);
  for (const path of after) if (!before.has(path)) changed.add(path);
  const found = protectedPaths({ before, after, changed: [...changed], installed, rewritten });
  if (found.length > 0) {
    const paths = found.map(({ path }) => path);
    await run(container, "xargs -0 -r rm -rf --", { cwd: folder, input: encodePaths(paths) });
    const old = found
      .filter(({ path, protection }) => before.has(path) && !notCopied.has(protection))
      .map(({ path }) => path);
    if (old.length > 0) {
      await run(container, `tar -xf ${store}.tar --null -T -`, {
        cwd: folder,
        input: encodePaths(old),
      });
    }
  }
  await container.exec(`rm -f ${store} ${store}.tar`, { cwd: "/" });
  const text = (path: string): string => Buffer.from(path, "latin1").toString("utf8");
  return {
    restored: found.map(({ path, protection }) => ({ path: text(path), protection })),
    changed: new Set([...changed].map(text)),
  };
}
