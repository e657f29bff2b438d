import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { didYouMean, InputError, makeFolder } from "@turnwise/training";

/** Placeholder name in the template of each kind of package; the user's name replaces it. */
const placeholders = {
  environment: "number-game",
  estimator: "my-estimator",
  modulator: "my-modulator",
  objective: "my-objective",
  experiment: "my-experiment",
} as const;

/** Kind of a package that `turnwise create` makes. */
export type PackageKind = keyof typeof placeholders;

/** All kinds of packages. */
export const packageKinds = Object.keys(placeholders) as readonly PackageKind[];

/** Placeholder for the name of the new package in every template. */
const packagePlaceholder = "my-package";

/** Placeholder for the version of the `@turnwise/*` packages; no release has this version. */
const versionPlaceholder = "0.0.0";

const templates = fileURLToPath(new URL("../templates", import.meta.url));

/** File of a package, with its path in the package. */
interface PackageFile {
  readonly path: string;
  readonly text: string;
}

/**
 * Parses the kind of a package.
 * @throws {@link InputError} for an unknown kind.
 */
export function readKind(word: string): PackageKind {
  const kind = packageKinds.find((one) => one === word);
  if (kind !== undefined) return kind;
  throw new InputError(
    `create: kind must be one of ${packageKinds.join(", ")}, got ${word}${didYouMean(word, packageKinds)}`,
  );
}

/**
 * Creates the files of a package: the shared files and the files of its kind.
 * @param version - Version of `@turnwise/*` to depend on.
 * @throws {@link InputError} for a name that npm does not allow, or that collides with a dependency
 *   or file.
 */
export async function createFiles(
  kind: PackageKind,
  name: string,
  version: string,
): Promise<readonly PackageFile[]> {
  const files = [...(await readFiles("shared")), ...(await readFiles(kind))];
  checkName(name, kind, files);
  // Replace all placeholders in one pass, because the name may contain a placeholder.
  const words = new RegExp(`${placeholders[kind]}|${packagePlaceholder}`, "gu");
  const rename = (text: string): string => text.replaceAll(words, name);
  return files.map(({ path, text }) => ({
    path: rename(path),
    text:
      path === "package.json"
        ? rename(text).replaceAll(`"${versionPlaceholder}"`, JSON.stringify(version))
        : rename(text),
  }));
}

/**
 * Reads the files of a template and removes the prefix `_` of file names, which keeps tools from
 * interpreting files inside the template.
 */
async function readFiles(template: string): Promise<PackageFile[]> {
  const folder = join(templates, template);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
  return Promise.all(
    paths.map(async (path) => ({
      path: path
        .replace(/^_(?=gitignore$)/u, ".")
        .replace(/^_/u, "")
        .replaceAll("\\", "/"),
      text: await readFile(join(folder, path), "utf8"),
    })),
  );
}

function checkName(name: string, kind: PackageKind, files: readonly PackageFile[]): void {
  const refuse = (rule: string): never => {
    throw new InputError(`create ${kind}: name must ${rule}, got ${name}`);
  };
  if (!/^[a-z][a-z\d]*(?:-[a-z\d]+)*$/u.test(name) || name.length > 64) {
    refuse("be at most 64 lower-case letters, digits and single hyphens, such as my-part");
  }
  const manifest = JSON.parse(files.find(({ path }) => path === "package.json")!.text) as {
    readonly dependencies: object;
    readonly devDependencies: object;
  };
  if (Object.hasOwn({ ...manifest.dependencies, ...manifest.devDependencies }, name)) {
    refuse("not be the name of a dependency");
  }
  const isTaken = files.some(
    ({ path }) =>
      path.startsWith("src/") &&
      basename(path) === `${name}.ts` &&
      basename(path) !== `${placeholders[kind]}.ts`,
  );
  if (isTaken) refuse(`not be the name of another file in the package (src/${name}.ts)`);
}

/**
 * Writes a package into a folder that does not exist or is empty.
 * @throws {@link InputError} for any other folder.
 */
export async function writePackage(path: string, files: readonly PackageFile[]): Promise<void> {
  const folder = resolve(path);
  const present = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    if (error.code !== "ENOTDIR") throw error;
    throw new InputError(`create: ${path} must be a folder, got a file`);
  });
  if (present.length > 0) {
    throw new InputError(
      `create: ${path} must be empty or not exist, got a folder with ${present[0]!} (choose another with --out)`,
    );
  }
  for (const file of files) {
    const target = join(folder, file.path);
    await makeFolder(dirname(target));
    await writeFile(target, file.text, { flag: "wx" });
  }
}
