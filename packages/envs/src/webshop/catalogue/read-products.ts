import { checkInteger } from "@turnwise/core";
import { createCatalogue, type Catalogue } from "./catalogue.ts";
import { CatalogueError, formatValue } from "./catalogue-error.ts";
import {
  cleanProduct,
  FieldReader,
  type AttributeEntry,
  type ProductAnnotations,
} from "./clean-product.ts";
import { fileBytes } from "./file-bytes.ts";
import { jsonElements } from "./json-elements.ts";
import type { HumanInstruction, Product } from "./product.ts";

/** Original files of the benchmark, each optionally compressed with gzip. */
export interface CatalogueFiles {
  /** Product file: `items_shuffle.json` or `items_shuffle_1000.json`. */
  readonly products: string;
  /** Attribute file: `items_ins_v2.json` or `items_ins_v2_1000.json`. */
  readonly attributes: string;
  /** Instruction file: `items_human_ins.json`. Default: no product has human instructions. */
  readonly humanInstructions?: string;
  /** Maximum number of entries to read from the product file, `>= 1`. Default: all. */
  readonly maxProducts?: number;
}

async function readAttributes(path: string): Promise<Map<string, AttributeEntry>> {
  const entries = new Map<string, AttributeEntry>();
  for await (const [asin, value] of jsonElements(fileBytes(path), path)) {
    if (typeof asin !== "string") {
      throw new CatalogueError(`${path}: the file must be a JSON object, got a list`);
    }
    const fields = new FieldReader(value, `${path}: ${asin}`);
    if (!fields.has("attributes")) {
      throw fields.error("attributes", "be a list of strings", fields.raw("attributes"));
    }
    entries.set(asin, {
      attributes: fields.texts("attributes"),
      ...(fields.has("instruction") && { instruction: fields.text("instruction") }),
      ...(fields.has("instruction_attributes") && {
        instructionAttributes: fields.texts("instruction_attributes"),
      }),
    });
  }
  return entries;
}

async function readHumanInstructions(
  path: string,
): Promise<Map<string, readonly HumanInstruction[]>> {
  const instructions = new Map<string, readonly HumanInstruction[]>();
  for await (const [asin, value] of jsonElements(fileBytes(path), path)) {
    if (typeof asin !== "string" || !Array.isArray(value)) {
      throw new CatalogueError(`${path}: ${asin} must be a list, got ${formatValue(value)}`);
    }
    instructions.set(
      asin,
      value.map((entry: unknown, i) => {
        const fields = new FieldReader(entry, `${path}: ${asin}[${i}]`);
        return {
          text: fields.text("instruction"),
          attributes: fields.texts("instruction_attributes"),
          options: fields.texts("instruction_options"),
        };
      }),
    );
  }
  return instructions;
}

/** Reads the attribute and instruction files. */
export async function readAnnotations(
  files: Pick<CatalogueFiles, "attributes" | "humanInstructions">,
): Promise<ProductAnnotations> {
  return {
    attributes: await readAttributes(files.attributes),
    humanInstructions:
      files.humanInstructions === undefined
        ? new Map()
        : await readHumanInstructions(files.humanInstructions),
  };
}

/**
 * Streams the cleaned products of the original files, in file order. Of products with the same
 * asin, only the first is kept.
 * @throws `CatalogueError` naming the file, the entry and the field.
 */
export async function* readProducts(files: CatalogueFiles): AsyncGenerator<Product> {
  const { products: path, maxProducts = Number.MAX_SAFE_INTEGER } = files;
  checkInteger("readProducts", { maxProducts }, { min: 1 });
  const annotations = await readAnnotations(files);
  const seen = new Set<string>();
  let numRead = 0;
  for await (const [i, entry] of jsonElements(fileBytes(path), path)) {
    if (typeof i !== "number") {
      throw new CatalogueError(`${path}: the file must be a JSON list, got an object`);
    }
    const product = cleanProduct(entry, `${path}: products[${i}]`, annotations);
    if (product !== undefined && !seen.has(product.asin)) {
      seen.add(product.asin);
      yield product;
    }
    if (++numRead >= maxProducts) return;
  }
}

/**
 * Reads the original files into a catalogue in memory. Meant for up to about 10,000 products; see
 * `buildStoredCatalogue` for more.
 */
export async function readCatalogue(files: CatalogueFiles): Promise<Catalogue> {
  const products: Product[] = [];
  for await (const product of readProducts(files)) products.push(product);
  if (products.length === 0) {
    throw new CatalogueError(`${files.products}: the file contains no product`);
  }
  return createCatalogue(products);
}
