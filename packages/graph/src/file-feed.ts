import { widenHalves, type HalfType } from "@turnwise/core";
import type { Feed, Feeds } from "./program.ts";

/**
 * Float32 input whose entries are read from a file: little-endian, row-major, contiguous, at any
 * offset. 16-bit entries are upcast, exactly. The file must not change while it is used.
 */
export interface FileFeed {
  readonly file: string;
  /** Offset of the first byte. */
  readonly offset: number;
  /** Storage type of an entry: float32, binary16 or bfloat16. */
  readonly type: "F32" | HalfType;
  readonly shape: readonly number[];
}

/** Inputs that never change, by name: arrays, or file locations. */
export type FrozenFeeds = Readonly<Record<string, Feed | FileFeed>>;

/** Size in bytes of an entry in the file. */
export const byteWidth = (type: FileFeed["type"]): number => (type === "F32" ? 4 : 2);

/** Size in bytes of all entries in the file. */
export function numFileBytes({ type, shape }: FileFeed): number {
  return shape.reduce((count, size) => count * size, byteWidth(type));
}

/**
 * Checks that the files of frozen inputs exist and are long enough.
 * @throws `RangeError` for a range that ends after the end of its file; `Error` for a file that
 *   cannot be read.
 */
export async function checkFiles(where: string, frozen: FrozenFeeds): Promise<void> {
  const { stat } = await import("node:fs/promises");
  const sizes = new Map<string, number>();
  for (const [name, feed] of Object.entries(frozen)) {
    if (!("file" in feed)) continue;
    const { file, offset } = feed;
    const size = sizes.get(file) ?? (await stat(file)).size;
    sizes.set(file, size);
    const end = offset + numFileBytes(feed);
    if (end <= size) continue;
    throw new RangeError(
      `${where}: frozen ${name} must end within ${file} (${size} bytes), got an end at byte ${end}`,
    );
  }
}

/**
 * Reads frozen inputs from their files into arrays, one after the other; arrays are returned
 * unchanged.
 */
export async function readFrozen(where: string, frozen: FrozenFeeds): Promise<Feeds> {
  await checkFiles(where, frozen);
  const feeds: Record<string, Feed> = {};
  for (const [name, feed] of Object.entries(frozen)) {
    feeds[name] = "file" in feed ? await readFileFeed(feed) : feed;
  }
  return feeds;
}

/** Maximum size of a read; Node.js refuses reads of 2 GiB or more. */
const maxReadBytes = 2 ** 30;

async function readFileFeed(feed: FileFeed): Promise<Feed> {
  const { open } = await import("node:fs/promises");
  const { file, offset, type, shape } = feed;
  const bytes = new Uint8Array(numFileBytes(feed));
  const handle = await open(file);
  try {
    for (let at = 0; at < bytes.length;) {
      const length = Math.min(bytes.length - at, maxReadBytes);
      const { bytesRead } = await handle.read(bytes, at, length, offset + at);
      if (bytesRead === 0) throw new Error(`${file}: must not become shorter while it is read`);
      at += bytesRead;
    }
  } finally {
    await handle.close();
  }
  if (type === "F32") return { data: new Float32Array(bytes.buffer), shape };
  const halves = new Uint16Array(bytes.buffer);
  const data = new Float32Array(halves.length);
  widenHalves(type, halves, data);
  return { data, shape };
}
