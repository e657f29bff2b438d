import { closeSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { decodeText } from "@turnwise/core";
import type { Catalogue } from "./catalogue.ts";
import { CatalogueError, shown } from "./catalogue-error.ts";
import { GoalFactsBuilder } from "./goal-facts.ts";
import { indexedText, type Product } from "./product.ts";
import { SearchIndexBuilder, type TermEntry } from "../search/search-index.ts";

/** The version of the folder's files. */
const version = 1;

/** What `catalogue.json` says. */
interface StoredHeader {
  readonly version: number;
  readonly numProducts: number;
  readonly numTerms: number;
  readonly numTokens: number;
  /** Instructions of people that ask for something: product, then indices. */
  readonly human: readonly (readonly [number, readonly number[]])[];
}

/** How many products {@link openStoredCatalogue} keeps unpacked. */
const numCached = 2000;

/** An index of text for asins: at most ten characters each, ordered. */
class AsinTable {
  readonly #asins: readonly string[];
  readonly #order: Uint32Array;

  constructor(asins: readonly string[], ranks: Uint32Array) {
    this.#asins = asins;
    this.#order = new Uint32Array(ranks.length);
    ranks.forEach((rank, position) => {
      this.#order[rank] = position;
    });
  }

  positionOf(asin: string): number | undefined {
    const wanted = Buffer.from(asin);
    let low = 0;
    let high = this.#order.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const position = this.#order[middle]!;
      const order = Buffer.compare(Buffer.from(this.#asins[position]!), wanted);
      if (order === 0) return position;
      if (order < 0) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
}

function bytesOf(array: Float64Array | Uint32Array | Uint8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * Writes products and their index into a folder, so that a catalogue of any size starts in seconds
 * and takes little memory. Products are compressed one by one.
 *
 * Files: `catalogue.json`, `products.bin`, `postings.bin`, `tables.bin` (64-bit numbers first, then
 * 32-bit ones, then bytes, little-endian), `asins.txt` and `terms.txt` (one a line).
 *
 * @param folder - Made if it is missing; files of these names are overwritten.
 * @returns The number of products.
 * @throws `CatalogueError` if there is no product; `RangeError` if two have one asin.
 */
export async function buildStoredCatalogue(
  folder: string,
  products: AsyncIterable<Product> | Iterable<Product>,
): Promise<number> {
  await mkdir(folder, { recursive: true });
  const index = new SearchIndexBuilder();
  const facts = new GoalFactsBuilder();
  const offsets: number[] = [0];
  const lows: number[] = [];
  const highs: number[] = [];
  const asins: string[] = [];
  const file = openSync(join(folder, "products.bin"), "w");
  try {
    for await (const product of products) {
      const bytes = deflateRawSync(JSON.stringify(product), { level: 1 });
      writeSync(file, bytes);
      offsets.push(offsets.at(-1)! + bytes.length);
      asins.push(product.asin);
      lows.push(product.pricing[0]);
      highs.push(product.pricing[1] ?? Number.NaN);
      index.add(product.asin, indexedText(product));
      facts.add(product);
    }
  } finally {
    closeSync(file);
  }
  if (asins.length === 0) {
    throw new CatalogueError(`${folder}: the catalogue must hold a product, got none`);
  }
  const { terms, numTokens, postings, lengths, idRanks } = index.build();
  const { numVariants, weights, human } = facts.build();
  const entries = [...terms.values()];
  const last = entries.at(-1);
  const numBytes = last === undefined ? 0 : last.start + last.size;
  await writeFile(join(folder, "postings.bin"), postings.read(0, numBytes));
  const tables = [
    Float64Array.from(offsets),
    Float64Array.from(lows),
    Float64Array.from(highs),
    weights,
    Float64Array.from(entries, ({ start }) => start),
    idRanks,
    numVariants,
    Uint32Array.from(entries, ({ size }) => size),
    Uint32Array.from(entries, ({ numDocuments }) => numDocuments),
    lengths,
  ];
  await writeFile(join(folder, "tables.bin"), Buffer.concat(tables.map(bytesOf)));
  await writeFile(join(folder, "asins.txt"), asins.join("\n"));
  await writeFile(join(folder, "terms.txt"), [...terms.keys()].join("\n"));
  const header: StoredHeader = {
    version,
    numProducts: asins.length,
    numTerms: entries.length,
    numTokens,
    human: [...human],
  };
  await writeFile(join(folder, "catalogue.json"), JSON.stringify(header));
  return asins.length;
}

function readHeader(path: string): StoredHeader {
  let header: StoredHeader;
  try {
    header = JSON.parse(decodeText(readFileSync(path), path));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CatalogueError(`${path}: the file must hold readable JSON, got ${message}`, {
      cause,
    });
  }
  if (header.version !== version) {
    throw new CatalogueError(`${path}: version must be ${version}, got ${shown(header.version)}`);
  }
  return header;
}

/** A file that is read in ranges into a buffer of its own. */
class RangeFile {
  readonly #path: string;
  readonly #file: number;
  #buffer = Buffer.alloc(1 << 16);

  constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, "r");
  }

  /** The bytes of a range, valid until the next call. */
  read(start: number, size: number): Buffer {
    if (size > this.#buffer.length) this.#buffer = Buffer.alloc(2 * size);
    const numRead = readSync(this.#file, this.#buffer, 0, size, start);
    if (numRead === size) return this.#buffer.subarray(0, size);
    throw new CatalogueError(
      `${this.#path}: the file must hold ${start + size} bytes, got ${start + numRead}`,
    );
  }

  close(): void {
    closeSync(this.#file);
  }
}

/**
 * Opens a folder that {@link buildStoredCatalogue} wrote. Postings and products stay in their files
 * and are read when they are asked for; the operating system keeps what is used often.
 * @throws `CatalogueError` if a file is missing, cut off or of another version.
 */
export function openStoredCatalogue(folder: string): Catalogue {
  const header = readHeader(join(folder, "catalogue.json"));
  const { numProducts, numTerms } = header;
  const file = (name: string): Buffer => {
    try {
      return readFileSync(join(folder, name));
    } catch (cause) {
      const message = cause instanceof Error ? cause.message : String(cause);
      throw new CatalogueError(`${join(folder, name)}: the file must be readable, got ${message}`, {
        cause,
      });
    }
  };
  const tables = new Uint8Array(file("tables.bin")).buffer;
  const numBytes =
    8 * (4 * numProducts + 1 + numTerms) + 4 * 2 * (numProducts + numTerms) + numProducts;
  if (tables.byteLength !== numBytes) {
    throw new CatalogueError(
      `${join(folder, "tables.bin")}: the file must hold ${numBytes} bytes, got ${tables.byteLength}`,
    );
  }
  let place = 0;
  const doubles = (length: number): Float64Array => {
    const array = new Float64Array(tables, place, length);
    place += array.byteLength;
    return array;
  };
  const words = (length: number): Uint32Array => {
    const array = new Uint32Array(tables, place, length);
    place += array.byteLength;
    return array;
  };
  const offsets = doubles(numProducts + 1);
  const lowPrices = doubles(numProducts);
  const highPrices = doubles(numProducts);
  const weights = doubles(numProducts);
  const starts = doubles(numTerms);
  const idRanks = words(numProducts);
  const numVariants = words(numProducts);
  const sizes = words(numTerms);
  const counts = words(numTerms);
  const lengths = new Uint8Array(tables, place, numProducts);

  const asins = file("asins.txt").toString("utf8").split("\n");
  const terms = new Map<string, TermEntry>();
  file("terms.txt")
    .toString("utf8")
    .split("\n")
    .forEach((term, i) => {
      terms.set(term, { start: starts[i]!, size: sizes[i]!, numDocuments: counts[i]! });
    });
  if (asins.length !== numProducts || (numTerms > 0 && terms.size !== numTerms)) {
    throw new CatalogueError(
      `${folder}: asins.txt and terms.txt must have ${numProducts} and ${numTerms} lines, got ${asins.length} and ${terms.size}`,
    );
  }
  const postings = new RangeFile(join(folder, "postings.bin"));
  const products = new RangeFile(join(folder, "products.bin"));
  const table = new AsinTable(asins, idRanks);
  const cache = new Map<number, Product>();
  return {
    size: numProducts,
    product: (position) => {
      let product = cache.get(position);
      if (product !== undefined) return product;
      const start = offsets[position];
      const end = offsets[position + 1];
      if (start === undefined || end === undefined) {
        throw new RangeError(
          `Catalogue.product: position must be a whole number in [0, ${numProducts - 1}], got ${position}`,
        );
      }
      const read: Product = JSON.parse(
        inflateRawSync(products.read(start, end - start)).toString("utf8"),
      );
      product = read;
      if (cache.size >= numCached) cache.delete(cache.keys().next().value!);
      cache.set(position, product);
      return product;
    },
    positionOf: (asin) => table.positionOf(asin),
    lowPrices,
    highPrices,
    goalFacts: { numVariants, weights, human: new Map(header.human) },
    index: {
      numDocuments: numProducts,
      numTokens: header.numTokens,
      terms,
      postings,
      lengths,
      idRanks,
    },
    close: () => {
      postings.close();
      products.close();
    },
  };
}
