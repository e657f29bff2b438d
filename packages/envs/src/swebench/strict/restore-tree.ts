import {
  ContainerError,
  type CommandResult,
  type Container,
  type OutputBytes,
} from "../containers/container.ts";
import {
  isTestCode,
  protectedPaths,
  protectionByName,
  type ProtectedPath,
  type Protection,
} from "./protected-paths.ts";

const maxListBytes = 256 * 2 ** 20;
/** Folder of git's objects: large, and of no use to a patch. */
const listFiles = "find . \\( -path ./.git/objects -o -path ./.git/logs \\) -prune -o ! -type d";

/** Compiled code is made again; a virtual environment is too large to copy. */
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

/** Paths are kept byte for byte: each byte is one character. */
function pathsOf(output: OutputBytes): string[] {
  return output
    .toString("latin1")
    .split("\0")
    .filter((path) => path !== "")
    .map((path) => path.replace(/^\.\//u, ""));
}

const listOf = (paths: readonly string[]): Buffer =>
  Buffer.from(paths.map((path) => `./${path}\0`).join(""), "latin1");

/**
 * Notes the files of a repository before a patch is applied, and keeps copies of those that a patch
 * must not change.
 * @param name - Distinguishes the files of the snapshot in `/tmp`.
 */
export async function snapshotTree(
  container: Container,
  folder: string,
  name: string,
): Promise<TreeSnapshot> {
  const store = `/tmp/.turnwise-${name}`;
  const listed = await run(container, `${listFiles} -print0`, { cwd: folder });
  const files = pathsOf(listed.stdout);
  const copied = files.filter((path) => {
    const protection = protectionByName(path) ?? (isTestCode(path) ? "tests" : undefined);
    return protection !== undefined && !notCopied.has(protection);
  });
  await run(container, `tar -cf ${store}.tar --null --no-recursion -T -`, {
    cwd: folder,
    input: listOf(copied),
  });
  const packages = await run(
    container,
    `find / -xdev -path ${folder} -prune -o -type d \\( -name site-packages -o -name dist-packages \\) -print 2>/dev/null | while read -r d; do ls -1 "$d"; done; true`,
    { cwd: "/" },
  );
  // The patch must be newer than the stamp, whatever the resolution of time is.
  await run(container, `touch ${store} && sleep 0.05`, { cwd: "/" });
  const installed = packages.stdout
    .toString("utf8")
    .split("\n")
    .filter((entry) => /^\w+(?:\.py|\.[\w-]*\.so)?$/u.test(entry) && entry !== "__pycache__")
    .map((entry) => entry.replace(/\..*$/u, ""));
  return { folder, files: new Set(files), installed: new Set(installed), store };
}

/**
 * Undoes what a patch did to test configuration, start-up code and the like (see
 * {@link protectedPaths}): files of before get their content of before, new ones are removed.
 * Nothing of the patch has run at that time.
 * @param rewritten - Files that the tests write again themselves.
 * @returns The paths that were restored, and all that the patch changes. A file of a virtual
 *   environment that was there before is removed only: it is too much to keep a copy of all of them.
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
  const all = pathsOf(listed.stdout);
  const middle = all.indexOf("/");
  const after = new Set(all.slice(0, middle));
  const changed = new Set(all.slice(middle + 1));
  for (const path of before) if (!after.has(path)) changed.add(path);
  for (const path of after) if (!before.has(path)) changed.add(path);
  const found = protectedPaths({ before, after, changed: [...changed], installed, rewritten });
  if (found.length > 0) {
    const paths = found.map(({ path }) => path);
    await run(container, "xargs -0 -r rm -rf --", { cwd: folder, input: listOf(paths) });
    const old = found
      .filter(({ path, protection }) => before.has(path) && !notCopied.has(protection))
      .map(({ path }) => path);
    if (old.length > 0) {
      await run(container, `tar -xf ${store}.tar --null -T -`, { cwd: folder, input: listOf(old) });
    }
  }
  await container.exec(`rm -f ${store} ${store}.tar`, { cwd: "/" });
  const text = (path: string): string => Buffer.from(path, "latin1").toString("utf8");
  return {
    restored: found.map(({ path, protection }) => ({ path: text(path), protection })),
    changed: new Set([...changed].map(text)),
  };
}
