import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, extname, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { decodeText } from "@turnwise/core";
import { createJiti } from "jiti";
import { exists } from "../files/exists.ts";
import { InputError } from "../input-error.ts";

/** Module of an experiment. */
export interface ModuleRecord {
  /** Absolute path of the module. */
  readonly path: string;
  /**
   * Local files of the module, starting with the module itself: paths relative to its folder, and
   * SHA-256.
   */
  readonly files: readonly { readonly path: string; readonly sha256: string }[];
}

const extensions = ["", ".ts", ".mts", ".cts", ".tsx", ".js", ".mjs", ".cjs", ".json"];

/** True if an argument is the path of a module rather than the name of a built-in experiment. */
export function isModulePath(name: string): boolean {
  return /[/\\]/u.test(name) || /\.[cm]?[jt]s$/u.test(name);
}

/**
 * Imports a user's module in TypeScript or JavaScript.
 * @returns Its default export, and a record of its files.
 * @throws {@link InputError} if the file does not exist or cannot be loaded.
 */
export async function importModule(
  path: string,
): Promise<{ readonly value: unknown; readonly record: ModuleRecord }> {
  const absolute = resolve(path);
  if (!(await exists(absolute))) throw new InputError(`${path}: no such module`);
  const record = await recordModule(absolute);
  let value: unknown;
  try {
    // Disable the cache of transpiled files, so that nothing is written next to the user's code.
    const jiti = createJiti(pathToFileURL(absolute).href, { fsCache: false, moduleCache: false });
    value = await jiti.import(absolute, { default: true });
  } catch (cause) {
    throw new InputError(`${path}: module could not be loaded: ${describeError(cause)}`, { cause });
  }
  return { value, record };
}

/** Describes an exception in one line: its name and the first line of its message. */
function describeError(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const line = cause.message.split("\n")[0]!;
  return cause.name === "Error" ? line : `${cause.name}: ${line}`;
}

/**
 * Hashes a module and the local files that it imports, directly or not. Packages are not included;
 * a run's manifest has their versions.
 */
export async function recordModule(path: string): Promise<ModuleRecord> {
  const entry = resolve(path);
  const texts = new Map<string, string>();
  const queue = [entry];
  for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
    if (texts.has(file)) continue;
    const text = decodeText(await readFile(file), file);
    texts.set(file, text);
    if (extname(file) === ".json") continue;
    for (const specifier of findLocalSpecifiers(text)) {
      const found = await resolveSpecifier(resolve(dirname(file), specifier));
      if (found !== undefined) queue.push(found);
    }
  }
  const [, ...others] = [...texts.keys()];
  const files = [entry, ...others.sort()].map((file) => ({
    path: relative(dirname(entry), file).replaceAll("\\", "/"),
    sha256: createHash("sha256").update(texts.get(file)!).digest("hex"),
  }));
  return { path: entry, files };
}

/**
 * Finds the relative specifiers of imports, exports and `require` calls. Matches in comments do no
 * harm: they only add a file to the record.
 */
function findLocalSpecifiers(text: string): string[] {
  const pattern =
    /(?:\bfrom|\bimport|\brequire)\s{0,8}\(?\s{0,8}["'](\.{1,2}\/[^"'\n]{1,400})["']/gu;
  return Array.from(text.matchAll(pattern), ([, specifier]) => specifier!);
}

/**
 * Resolves a specifier to a file: as written, with an added extension, or with `.ts` instead of
 * `.js`.
 */
async function resolveSpecifier(path: string): Promise<string | undefined> {
  const bare = path.replace(/\.([cm]?)js$/u, "");
  const asTypeScript = bare === path ? [] : [`${bare}.ts`, `${bare}.mts`, `${bare}.cts`];
  const candidates = [
    ...extensions.map((extension) => `${path}${extension}`),
    ...asTypeScript,
    ...extensions.slice(1).map((extension) => `${path}/index${extension}`),
  ];
  for (const candidate of candidates) {
    if (extname(candidate) !== "" && (await exists(candidate))) return candidate;
  }
  return undefined;
}

/**
 * Describes the first difference between two records of a module; returns `undefined` if they are
 * equal. The path of the folder is ignored.
 */
export function findModuleDifference(before: ModuleRecord, now: ModuleRecord): string | undefined {
  const hashes = new Map(now.files.map(({ path, sha256 }) => [path, sha256]));
  for (const { path, sha256 } of before.files) {
    if (!hashes.has(path)) return `${path} is no longer imported`;
    if (hashes.get(path) !== sha256) return `${path} has changed`;
  }
  const known = new Set(before.files.map(({ path }) => path));
  const added = now.files.find(({ path }) => !known.has(path));
  return added && `${added.path} is new`;
}
