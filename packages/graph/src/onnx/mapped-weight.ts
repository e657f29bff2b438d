import { parse, relative, resolve } from "node:path";
import {
  checkFiles,
  numFileBytes,
  readFrozen,
  type FileFeed,
  type FrozenFeeds,
} from "../file-feed.ts";
import type { Feed } from "../program.ts";
import { elementTypes, type OnnxModel } from "./model.ts";

/** Block sizes of weights that are upcast block by block. */
export interface BlockSizes {
  /**
   * Minimum number of rows of a block. Products with fewer rows are rounded differently, depending
   * on the number of rows.
   */
  readonly minRows: number;
  /**
   * Maximum number of entries of a block if it has more than `minRows` rows; the upcast block
   * should fit into the processor's cache.
   */
  readonly numEntries: number;
}

/** Chooses block sizes for a number of threads: 2 MB, or more to reach `minRows`. */
export function chooseBlockSizes(threads: number): BlockSizes {
  // At least 80 rows per thread: with fewer than 65 rows per thread, ONNX Runtime sums the terms of
  // an entry in a different order, and the number of rows per thread depends on the rest of the
  // batch.
  return { minRows: 80 * Math.min(threads, maxEqualThreads), numEntries: 2 ** 19 };
}

/** Maximum number of threads for which a row of a product is bitwise equal in any batch. */
const maxEqualThreads = 8;

/** Maximum number of entries for which memory-mapping a weight is not worthwhile. */
const maxReadEntries = 2 ** 16;

/**
 * Reads frozen inputs into arrays, except large ones that a session can memory-map: they must share
 * a root folder and have enough rows for a block.
 */
export async function readSmallFrozen(
  where: string,
  frozen: FrozenFeeds,
  { minRows }: BlockSizes,
): Promise<FrozenFeeds> {
  await checkFiles(where, frozen);
  const root = findSharedRoot(frozen);
  const canMap = ([, feed]: readonly [string, Feed | FileFeed]): boolean =>
    "file" in feed &&
    findRoot(feed) === root &&
    feed.shape.reduce((count, size) => count * size, 1) > maxReadEntries &&
    feed.shape[0]! >= minRows;
  const entries = Object.entries(frozen);
  const read = Object.fromEntries(entries.filter((each) => !canMap(each)));
  return { ...Object.fromEntries(entries.filter(canMap)), ...(await readFrozen(where, read)) };
}

/** Root folder of the files of frozen inputs; `undefined` if there are no files. */
export function findSharedRoot(frozen: FrozenFeeds): string | undefined {
  const feed = Object.values(frozen).find((each) => "file" in each);
  return feed && "file" in feed ? findRoot(feed) : undefined;
}

/** Rows `first` to `first + numRows - 1` of a weight. */
export interface RowBlock {
  readonly first: number;
  readonly numRows: number;
}

/** File location as a model stores it: the path relative to its root, see `findSharedRoot`. */
export function describeFile(feed: FileFeed): { path: string; offset: number; numBytes: number } {
  const path = relative(findRoot(feed), resolve(feed.file)).replaceAll("\\", "/");
  return { path, offset: feed.offset, numBytes: numFileBytes(feed) };
}

/** Root to which file paths are relative. */
const findRoot = ({ file }: FileFeed): string => parse(resolve(file)).root;

/**
 * 16-bit weight in a file; a session upcasts only the rows that an operation needs, when it runs.
 */
export class MappedWeight {
  readonly #model: OnnxModel;
  readonly #name: string;
  readonly #feed: FileFeed;
  readonly #blocks: BlockSizes;
  #numUses = 0;

  constructor(model: OnnxModel, name: string, feed: FileFeed, blocks: BlockSizes) {
    this.#model = model;
    this.#name = name;
    this.#feed = feed;
    this.#blocks = blocks;
  }

  get shape(): readonly number[] {
    return this.#feed.shape;
  }

  /**
   * Adds the stored entries of some rows as a new constant for each use, because ONNX Runtime would
   * merge casts of the same constant and keep the result until the last use.
   * @returns The name of the constant.
   */
  storedRows(rows?: RowBlock): string {
    const { type, shape } = this.#feed;
    const [numRows, ...rest] = shape;
    const { path, offset, numBytes } = describeFile(this.#feed);
    const place = rows
      ? {
          path,
          offset: offset + (rows.first * numBytes) / numRows!,
          numBytes: (rows.numRows * numBytes) / numRows!,
        }
      : { path, offset, numBytes };
    const stored = type === "BF16" ? "bfloat16" : "float16";
    const taken = rows ? [rows.numRows, ...rest] : shape;
    return this.#model.external(`${this.#name} ${this.#numUses++}`, stored, taken, place);
  }

  /** Adds the entries of some rows as float32, for one operation. @returns Their name. */
  upcastRows(rows?: RowBlock): string {
    return this.#model.firstNode("Cast", [this.storedRows(rows)], { to: elementTypes.float32 });
  }

  /**
   * Splits the rows into blocks of similar size.
   * @param scale - Factor of the block size.
   */
  rowBlocks(scale = 1): readonly RowBlock[] {
    const [numRows, width] = this.#feed.shape;
    const wanted = Math.floor((scale * this.#blocks.numEntries) / width!);
    const count = Math.max(1, Math.floor(numRows! / Math.max(1, wanted, this.#blocks.minRows)));
    const starts = Array.from({ length: count + 1 }, (_, i) => Math.floor((i * numRows!) / count));
    return starts.slice(1).map((end, i) => ({ first: starts[i]!, numRows: end - starts[i]! }));
  }
}
