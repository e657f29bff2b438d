import { existsSync } from "node:fs";
import { readFile, realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { InputError } from "@turnwise/training";
import { isPageFile, readConfig, type JsonObject } from "@turnwise/training/reader";
import { createFolderSource } from "@turnwise/training/reader/node";

/** Built files of the page. */
export interface PageFiles {
  readonly html: string;
  readonly script: string;
  readonly style: string;
  /** Licences of the libraries in the script. */
  readonly licences: string;
}

/** Folder of the page; the build of this package copies the page into it. */
const builtPage = fileURLToPath(new URL("../dist/viewer/", import.meta.url));
/** The same folder, relative to a source file, which is two folders below the package. */
const builtPageOfSource = fileURLToPath(new URL("../../dist/viewer/", import.meta.url));

/**
 * Reads the files of the page.
 * @throws `InputError` if a checkout has not built the page.
 */
export async function readPage(folder?: string): Promise<PageFiles> {
  const path = folder ?? [builtPage, builtPageOfSource].find((path) => existsSync(path));
  if (path === undefined) {
    throw new InputError(
      `view: page ${builtPage} not found; in a checkout, build it with: npm run build`,
    );
  }
  const read = (name: string): Promise<string> => readFile(join(path, name), "utf8");
  return {
    html: await read("index.html"),
    script: await read("viewer.js"),
    style: await read("viewer.css"),
    licences: await read("THIRD-PARTY.txt"),
  };
}

/**
 * Returns the path on disk of a run's file that pages may read; `undefined` for other files, files
 * that do not exist, and symbolic links that leave the folder. If a run trains a model from a
 * folder, `tokenizer.json` is read from the model's folder.
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
