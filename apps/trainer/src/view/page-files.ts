import { existsSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "@turnwise/training";
import { isPageFile, readConfig, type JsonObject } from "@turnwise/training/reader";
import { createFolderSource } from "@turnwise/training/reader/node";

/** Files of the page, as it is built. */
export interface PageFiles {
  readonly html: string;
  readonly script: string;
  readonly style: string;
}

/** Folder of the page: the build of this package copies it there. */
const builtPage = fileURLToPath(new URL("../dist/viewer/", import.meta.url));
/** The same, seen from a source file, two folders below the package's. */
const builtPageOfSource = fileURLToPath(new URL("../../dist/viewer/", import.meta.url));

/**
 * Reads the files of the page.
 * @throws `InputError` if it is not built, in a checkout.
 */
export async function readPage(folder?: string): Promise<PageFiles> {
  const path = folder ?? [builtPage, builtPageOfSource].find((path) => existsSync(path));
  if (path === undefined) {
    throw new InputError(
      `view: the page must be built, got no ${builtPage} (in a checkout: npm run build)`,
    );
  }
  const read = (name: string): Promise<string> => readFile(join(path, name), "utf8");
  return {
    html: await read("index.html"),
    script: await read("viewer.js"),
    style: await read("viewer.css"),
  };
}

/**
 * Path on the disk of a file of a run that pages may read; `undefined` for others, for files that do
 * not exist, and for links that lead out of the folder. `tokenizer.json` is that of the model's
 * folder, for runs that train a model from one.
 */
export async function findRunFile(run: string, path: string): Promise<string | undefined> {
  if (!isPageFile(path)) return undefined;
  const folder = /^tokenizer(_config)?\.json$/u.test(path) ? await modelFolder(run) : run;
  if (folder === undefined) return undefined;
  try {
    const [real, within] = [await realpath(join(folder, path)), await realpath(folder)];
    return folder !== run || real.startsWith(within + sep) ? real : undefined;
  } catch {
    return undefined;
  }
}

async function modelFolder(run: string): Promise<string | undefined> {
  const model = (await readConfig(createFolderSource(run)))["model"] as JsonObject | undefined;
  const { source, path } = model ?? {};
  return source === "folder" && typeof path === "string" ? path : undefined;
}
