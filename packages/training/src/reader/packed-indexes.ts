/**
 * Path at which the viewer's server and exported pages provide all indexes of a run as one file.
 * Run folders do not contain this file: there, each index is a separate file.
 */
export const packedIndexesPath = "indexes.bin";

/** Index of one segment in packed indexes. */
export interface PackedIndex {
  /** Name of the segment. */
  readonly name: string;
  /** Content of its index file. */
  readonly bytes: Uint8Array;
}

/** Position of an index in packed indexes, bytes, from the start of its entry. */
export interface IndexEntry {
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

/** Bytes of the two length fields of an entry. */
const lengthsBytes = 8;
/**
 * Number of bytes that is enough to hold the head of any entry, because names of segments are
 * shorter than 248 bytes.
 */
export const maxHeadBytes = 256;

/**
 * Encodes an entry: length of the name and length of the index (uint32, little-endian), name
 * (UTF-8), index.
 */
export function packIndex({ name, bytes }: PackedIndex): Uint8Array {
  const text = new TextEncoder().encode(name);
  const entry = new Uint8Array(lengthsBytes + text.length + bytes.length);
  const view = new DataView(entry.buffer);
  view.setUint32(0, text.length, true);
  view.setUint32(4, bytes.length, true);
  entry.set(text, lengthsBytes);
  entry.set(bytes, lengthsBytes + text.length);
  return entry;
}

/**
 * Parses the head of the entry at the start of `bytes`; `undefined` if `bytes` ends within the
 * head.
 */
export function parseIndexEntry(bytes: Uint8Array): IndexEntry | undefined {
  if (bytes.length < lengthsBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = lengthsBytes + view.getUint32(0, true);
  if (bytes.length < start) return undefined;
  const name = new TextDecoder().decode(bytes.subarray(lengthsBytes, start));
  return { name, start, end: start + view.getUint32(4, true) };
}

/**
 * Splits packed indexes into the indexes of the segments while the bytes arrive. Only one entry is
 * in memory at a time.
 * @param source - Name of the file, for errors.
 * @throws `RangeError` if the file ends within an entry.
 */
export async function* unpackIndexes(
  parts: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<PackedIndex> {
  let rest: Uint8Array = new Uint8Array();
  for await (const part of parts) {
    rest = rest.length === 0 ? part : concatenate(rest, part);
    let at = 0;
    for (;;) {
      const entry = parseIndexEntry(rest.subarray(at));
      if (entry === undefined || at + entry.end > rest.length) break;
      const { name, start, end } = entry;
      yield { name, bytes: rest.subarray(at + start, at + end) };
      at += end;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0) {
    throw new RangeError(
      `${source}: must end with a complete index, got ${rest.length} bytes of an incomplete index`,
    );
  }
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length);
  both.set(first);
  both.set(second, first.length);
  return both;
}
