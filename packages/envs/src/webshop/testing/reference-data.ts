import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { readCatalogue } from "../catalogue/read-products.ts";
import { readTitleNouns } from "../reward/read-title-nouns.ts";
import type { TitleNouns } from "../reward/title-nouns.ts";
import { Shop, type ShopOptions } from "../session/shop.ts";

/**
 * Folder of WebShop data next to the repository. If it is missing, prints a message and returns
 * `undefined`.
 */
function findData(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, "shared", "webshop");
    if (existsSync(join(candidate, "golden"))) return candidate;
    if (dirname(folder) === folder) {
      console.log("skipped: the WebShop data is missing at ../shared/webshop");
      return undefined;
    }
  }
}

const folder = findData();

/** True if the data is available. */
export const hasReferenceData: boolean = folder !== undefined;

/** A row of a golden file; its fields depend on the file. */
// oxlint-disable-next-line typescript/no-explicit-any
export type GoldenRow = Readonly<Record<string, any>>;

/** Path of a file of the data. */
export function referencePath(name: string): string {
  return join(folder!, name);
}

/** Rows of a JSON Lines file. */
export function goldenRows(name: string): GoldenRow[] {
  return gunzipSync(readFileSync(referencePath(`${name}.jsonl.gz`)))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): GoldenRow => JSON.parse(line));
}

let catalogue: Promise<Catalogue> | undefined;

/** The first thousand products of WebShop's data. */
export function referenceCatalogue(): Promise<Catalogue> {
  catalogue ??= readCatalogue({
    products: referencePath("items_shuffle_1000.reconstructed.json.gz"),
    attributes: referencePath("items_ins_v2_1000.json.gz"),
    humanInstructions: referencePath("items_human_ins.subset13.json.gz"),
  });
  return catalogue;
}

/** Nouns that were used to compute the golden rewards. */
export function referenceNouns(): Promise<TitleNouns> {
  return readTitleNouns(referencePath("golden/title_nouns.jsonl.gz"));
}

/** A shop that behaves like WebShop's own code. */
export async function referenceShop(options: ShopOptions = {}): Promise<Shop> {
  const titleNouns = await referenceNouns();
  return new Shop(await referenceCatalogue(), { compat: "reference", titleNouns, ...options });
}
