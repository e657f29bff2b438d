import { closeSync, fstatSync, openSync, readFileSync, readSync, writeSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { crc32, deflateRawSync, inflateRawSync } from "node:zlib";
import { decodeText } from "@turnwise/core";
import type { Catalogue } from "./catalogue.ts";
import { CatalogueError, formatValue } from "./catalogue-error.ts";
import { GoalFactsBuilder, type SyntheticFacts } from "./goal-facts.ts";
import { textToIndex, type Product } from "./product.ts";
import { replaceFiles } from "./replace-files.ts";
import { SearchIndexBuilder, type TermEntry } from "../search/search-index.ts";

/** Version of the file format. */
const version = 1;

/** Files next to `catalogue.json`. */
const fileNames = ["products.bin", "postings.bin", "tables.bin", "asins.txt", "terms.txt"] as const;
type FileName = (typeof fileNames)[number];

/** Size of a file in bytes, and the CRC-32 of its content. */
interface FileSum {
  readonly size: number;
  readonly crc32: number;
}

/** Content of `catalogue.json`. */
interface StoredHeader {
  readonly version: number;
  readonly files: Readonly<Record<FileName, FileSum>>;
  readonly numProducts: number;
  readonly numTerms: number;
  readonly numTokens: number;
  /** Human instructions with requirements: product, then instruction indices. */
  readonly human: readonly (readonly [number, readonly number[]])[];
}

/** Number of decompressed products that {@link openStoredCatalogue} caches. */
const numCached = 2000;

/** Sorted index over asins of at most ten characters each. */
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

function toBytes(array: Float64Array | Uint32Array | Uint8Array): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

/**
 * Writes products and their index into a folder, so that a catalogue of any size opens in seconds
 * and needs little memory. Products are compressed one by one.
 *
 * Files: `catalogue.json` with sizes and checksums of the others, `products.bin`, `postings.bin`,
 * `tables.bin` (64-bit numbers first, then 32-bit ones, then bytes, little-endian), `asins.txt` and
 * `terms.txt` (one per line). They are written to a temporary folder inside `folder` and renamed
 * once all are complete: until then, and after any error, an existing catalogue in the folder is
 * unchanged.
 *
 * @param folder - Created if missing. Other files in it are not changed.
 * @returns Number of products.
 * @throws `CatalogueError` if there is no product; `RangeError` if two products have the same asin.
 */
export async function buildStoredCatalogue(
  folder: string,
  products: AsyncIterable<Product> | Iterable<Product>,
): Promise<number> {
  return replaceFiles(folder, [...fileNames, "catalogue.json"], async (temporary) =>
    writeCatalogue(temporary, folder, products),
  );
}

/** @param folder - Name of the catalogue in messages. */
async function writeCatalogue(
  temporary: string,
  folder: string,
  products: AsyncIterable<Product> | Iterable<Product>,
): Promise<number> {
  const index = new SearchIndexBuilder();
  const facts = new GoalFactsBuilder();
  const offsets: number[] = [0];
  const lows: number[] = [];
  const highs: number[] = [];
  const asins: string[] = [];
  let productSum: FileSum = { size: 0, crc32: 0 };
  const file = openSync(join(temporary, "products.bin"), "w");
  try {
    for await (const product of products) {
      const bytes = deflateRawSync(JSON.stringify(product), { level: 1 });
      writeAll(file, bytes);
      productSum = { size: productSum.size + bytes.length, crc32: crc32(bytes, productSum.crc32) };
      offsets.push(productSum.size);
      asins.push(product.asin);
      lows.push(product.pricing[0]);
      highs.push(product.pricing[1] ?? Number.NaN);
      index.add(product.asin, textToIndex(product));
      facts.add(product);
    }
  } finally {
    closeSync(file);
  }
  if (asins.length === 0) {
    throw new CatalogueError(`${folder}: the catalogue contains no product`);
  }
  const write = async (name: FileName, content: Uint8Array | string): Promise<FileSum> => {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    await writeFile(join(temporary, name), bytes);
    return { size: bytes.length, crc32: crc32(bytes) };
  };
  const { terms, numTokens, postings, lengths, idRanks } = index.build();
  const { synthetic, human } = facts.build();
  const { reference, repaired } = synthetic;
  const entries = [...terms.values()];
  const last = entries.at(-1);
  const numBytes = last === undefined ? 0 : last.start + last.size;
  const tables = [
    Float64Array.from(offsets),
    Float64Array.from(lows),
    Float64Array.from(highs),
    reference.numVariants,
    reference.weights,
    repaired.numVariants,
    repaired.weights,
    Float64Array.from(entries, ({ start }) => start),
    idRanks,
    Uint32Array.from(entries, ({ size }) => size),
    Uint32Array.from(entries, ({ numDocuments }) => numDocuments),
    lengths,
  ];
  const header: StoredHeader = {
    version,
    files: {
      "products.bin": productSum,
      "postings.bin": await write("postings.bin", postings.read(0, numBytes)),
      "tables.bin": await write("tables.bin", Buffer.concat(tables.map(toBytes))),
      "asins.txt": await write("asins.txt", asins.join("\n")),
      "terms.txt": await write("terms.txt", [...terms.keys()].join("\n")),
    },
    numProducts: asins.length,
    numTerms: entries.length,
    numTokens,
    human: [...human],
  };
  await writeFile(join(temporary, "catalogue.json"), JSON.stringify(header));
  return asins.length;
}

/** Writes all bytes; a single call may write only some of them, for example on a full disk. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

function readHeader(path: string): StoredHeader {
  let header: StoredHeader;
  try {
    header = JSON.parse(decodeText(readFileSync(path), path));
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CatalogueError(`${path}: the file cannot be read as JSON: ${message}`, {
      cause,
    });
  }
  if (header.version !== version) {
    throw new CatalogueError(
      `${path}: version must be ${version}, got ${formatValue(header.version)}`,
    );
  }
  for (const name of fileNames) {
    const sum: Partial<FileSum> | undefined = header.files?.[name];
    if (!Number.isSafeInteger(sum?.size) || !Number.isSafeInteger(sum?.crc32)) {
      throw new CatalogueError(
        `${path}: files must have size and crc32 of ${name}, got ${formatValue(sum)}; write the catalogue again with webshop convert`,
      );
    }
  }
  return header;
}

/** @throws `CatalogueError` if size or content of a file differ from the header. */
function checkSum(path: string, found: FileSum, expected: FileSum): void {
  const remedy = "the catalogue is damaged: write it again with webshop convert";
  if (found.size !== expected.size) {
    throw new CatalogueError(
      `${path}: the file must have ${expected.size} bytes, got ${found.size}; ${remedy}`,
    );
  }
  if (found.crc32 !== expected.crc32) {
    throw new CatalogueError(
      `${path}: the file must have CRC-32 ${expected.crc32}, got ${found.crc32}; ${remedy}`,
    );
  }
}

function describeReadError(path: string, cause: unknown): CatalogueError {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new CatalogueError(`${path}: the file cannot be read: ${message}`, { cause });
}

/** A file that is read in ranges into its own buffer. */
class RangeFile {
  readonly #path: string;
  readonly #file: number;
  #buffer = Buffer.alloc(1 << 16);

  constructor(path: string) {
    this.#path = path;
    try {
      this.#file = openSync(path, "r");
    } catch (cause) {
      throw describeReadError(path, cause);
    }
  }

  /** Size and checksum of the whole file, read in pieces. */
  sum(): FileSum {
    const { size } = fstatSync(this.#file);
    const piece = Buffer.alloc(1 << 20);
    let checksum = 0;
    for (let at = 0; at < size;) {
      const numRead = readSync(this.#file, piece, 0, piece.length, at);
      if (numRead === 0) return { size: at, crc32: checksum };
      checksum = crc32(piece.subarray(0, numRead), checksum);
      at += numRead;
    }
    return { size, crc32: checksum };
  }

  /** Bytes of a range, valid until the next call. */
  read(start: number, size: number): Buffer {
    if (size > this.#buffer.length) this.#buffer = Buffer.alloc(2 * size);
    const numRead = readSync(this.#file, this.#buffer, 0, size, start);
    if (numRead === size) return this.#buffer.subarray(0, size);
    throw new CatalogueError(
      `${this.#path}: the file must have ${start + size} bytes, got ${start + numRead}`,
    );
  }

  close(): void {
    closeSync(this.#file);
  }
}

/**
 * Opens a folder that {@link buildStoredCatalogue} wrote, and verifies the sizes and checksums of
 * all files. Postings and products are read from the files on demand; the operating system caches
 * frequently used parts.
 * @throws `CatalogueError` if a file is missing, damaged or of another version.
 */
export function openStoredCatalogue(folder: string): Catalogue {
  const header = readHeader(join(folder, "catalogue.json"));
  const { numProducts, numTerms } = header;
  const file = (name: FileName): Buffer => {
    const path = join(folder, name);
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (cause) {
      throw describeReadError(path, cause);
    }
    checkSum(path, { size: bytes.length, crc32: crc32(bytes) }, header.files[name]);
    return bytes;
  };
  const tables = new Uint8Array(file("tables.bin")).buffer;
  const numBytes =
    8 * (7 * numProducts + 1 + numTerms) + 4 * (numProducts + 2 * numTerms) + numProducts;
  if (tables.byteLength !== numBytes) {
    throw new CatalogueError(
      `${join(folder, "tables.bin")}: the file must have ${numBytes} bytes, got ${tables.byteLength}`,
    );
  }
  let offset = 0;
  const doubles = (length: number): Float64Array => {
    const array = new Float64Array(tables, offset, length);
    offset += array.byteLength;
    return array;
  };
  const words = (length: number): Uint32Array => {
    const array = new Uint32Array(tables, offset, length);
    offset += array.byteLength;
    return array;
  };
  const offsets = doubles(numProducts + 1);
  const lowPrices = doubles(numProducts);
  const highPrices = doubles(numProducts);
  const facts = (): SyntheticFacts => ({
    numVariants: doubles(numProducts),
    weights: doubles(numProducts),
  });
  const reference = facts();
  const repaired = facts();
  const starts = doubles(numTerms);
  const idRanks = words(numProducts);
  const sizes = words(numTerms);
  const counts = words(numTerms);
  const lengths = new Uint8Array(tables, offset, numProducts);

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
  const ranges = (name: FileName): RangeFile => {
    const range = new RangeFile(join(folder, name));
    try {
      checkSum(join(folder, name), range.sum(), header.files[name]);
    } catch (error) {
      range.close();
      throw error;
    }
    return range;
  };
  const postings = ranges("postings.bin");
  let products: RangeFile;
  try {
    products = ranges("products.bin");
  } catch (error) {
    postings.close();
    throw error;
  }
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
          `Catalogue.product: position must be an integer in [0, ${numProducts - 1}], got ${position}`,
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
    goalFacts: { synthetic: { reference, repaired }, human: new Map(header.human) },
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
