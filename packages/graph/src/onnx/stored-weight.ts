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

/** How weights are cut that are widened a part at a time. */
export interface BlockSizes {
  /** The fewest rows of a part: products with fewer are rounded otherwise, by how many there are. */
  readonly minRows: number;
  /** Entries of a part beyond `minRows`: widened, it should fit into the processor's cache. */
  readonly numEntries: number;
}

/** How weights are cut for so many threads: in parts of 2 MB, or larger ones. */
export function blockSizes(threads: number): BlockSizes {
  // Each thread of a product has 65 rows of a part or more: with fewer, ONNX Runtime adds an entry's
  // terms up in another order, and how many rows a thread has depends on what else is in the batch.
  return { minRows: 80 * Math.min(threads, maxEqualThreads), numEntries: 2 ** 19 };
}

/** Up to so many threads a row of a product has the same bits in any batch. */
const maxEqualThreads = 8;

/** Entries up to which a weight is not worth a place in a file. */
const maxReadEntries = 2 ** 16;

/**
 * Reads frozen inputs into arrays, but for large ones that a session can take from their file: all in
 * the same root folder, and with rows for a part.
 */
export async function readSmallFrozen(
  where: string,
  frozen: FrozenFeeds,
  { minRows }: BlockSizes,
): Promise<FrozenFeeds> {
  await checkFiles(where, frozen);
  const root = rootOfFiles(frozen);
  const stays = ([, feed]: readonly [string, Feed | FileFeed]): boolean =>
    "file" in feed &&
    rootOf(feed) === root &&
    feed.shape.reduce((count, size) => count * size, 1) > maxReadEntries &&
    feed.shape[0]! >= minRows;
  const entries = Object.entries(frozen);
  const read = Object.fromEntries(entries.filter((each) => !stays(each)));
  return { ...Object.fromEntries(entries.filter(stays)), ...(await readFrozen(where, read)) };
}

/** The root folder of the files of frozen inputs, if there are any. */
export function rootOfFiles(frozen: FrozenFeeds): string | undefined {
  const feed = Object.values(frozen).find((each) => "file" in each);
  return feed && "file" in feed ? rootOf(feed) : undefined;
}

/** Rows `[first, first + numRows)` of a weight. */
export interface RowBlock {
  readonly first: number;
  readonly numRows: number;
}

/** Where entries are, as a model names it: the file's path without its root, see `rootOfFiles`. */
export function fileOf(feed: FileFeed): { path: string; offset: number; numBytes: number } {
  const path = relative(rootOf(feed), resolve(feed.file)).replaceAll("\\", "/");
  return { path, offset: feed.offset, numBytes: numFileBytes(feed) };
}

/** The folder that the paths of files are relative to. */
const rootOf = ({ file }: FileFeed): string => parse(resolve(file)).root;

/** A weight of 16 bits in a file, of which a session widens what a step needs, when it needs it. */
export class StoredWeight {
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
   * The entries as they are stored, of some rows. A constant of its own for each use: steps that widen
   * the same one would be made one, and what they give kept until the last use.
   * @returns Its name.
   */
  narrow(rows?: RowBlock): string {
    const { type, shape } = this.#feed;
    const [numRows, ...rest] = shape;
    const { path, offset, numBytes } = fileOf(this.#feed);
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

  /** The entries as float32, of some rows, for one step. @returns Their name. */
  widened(rows?: RowBlock): string {
    return this.#model.firstNode("Cast", [this.narrow(rows)], { to: elementTypes.float32 });
  }

  /**
   * Cuts a matrix into parts that are about as large.
   * @param scale - How much larger than usual they may be.
   */
  rowBlocks(scale = 1): readonly RowBlock[] {
    const [numRows, width] = this.#feed.shape;
    const wanted = Math.floor((scale * this.#blocks.numEntries) / width!);
    const count = Math.max(1, Math.floor(numRows! / Math.max(1, wanted, this.#blocks.minRows)));
    const starts = Array.from({ length: count + 1 }, (_, i) => Math.floor((i * numRows!) / count));
    return starts.slice(1).map((end, i) => ({ first: starts[i]!, numRows: end - starts[i]! }));
  }
}
