import {
  maxHeadBytes,
  packedIndexesPath,
  parseIndexEntry,
  type ByteRange,
  type RunSource,
} from "@turnwise/training/reader";

/** Number of bytes decoded at once, a multiple of three. */
const partBytes = 3 << 17;

/**
 * Creates the source of a run within an exported page, in which each file is the base64 text of a
 * script element. Reading a part of a file decodes only this part. Indexes are packed in one file,
 * and can also be read one by one.
 */
export function createEmbeddedSource(run: string, page: Document = document): RunSource {
  const elements = page.querySelectorAll<HTMLScriptElement>("script[data-run]");
  const files = new Map(
    [...elements]
      .filter(({ dataset }) => dataset["run"] === run)
      .map((element) => [element.dataset["path"]!, element]),
  );
  const textOf = (path: string): string | undefined => files.get(path)?.textContent;
  let indexes: ReadonlyMap<string, ByteRange> | undefined;
  const readIndex = (path: string): Uint8Array | undefined => {
    const packed = textOf(packedIndexesPath);
    if (packed === undefined) return undefined;
    indexes ??= locateIndexes(packed);
    const range = indexes.get(path);
    return range && decodePart(packed, range.offset, range.length);
  };
  return {
    name: run,
    read: (path, range) => {
      const text = textOf(path);
      return Promise.resolve(
        text === undefined
          ? readIndex(path)
          : decodePart(text, range?.offset ?? 0, range?.length ?? Infinity),
      );
    },
    stream: (path) => {
      const text = textOf(path);
      return Promise.resolve(text === undefined ? undefined : decodeParts(text));
    },
  };
}

/** Byte ranges of the index files in the packed indexes, by path. */
function locateIndexes(packed: string): Map<string, ByteRange> {
  const ranges = new Map<string, ByteRange>();
  let offset = 0;
  for (;;) {
    const entry = parseIndexEntry(decodePart(packed, offset, maxHeadBytes));
    if (entry === undefined) return ranges;
    const { name, start, end } = entry;
    ranges.set(`trajectories/${name}.index`, { offset: offset + start, length: end - start });
    offset += end;
  }
}

async function* decodeParts(text: string): AsyncGenerator<Uint8Array> {
  for (let offset = 0; ; offset += partBytes) {
    const part = decodePart(text, offset, partBytes);
    if (part.length > 0) yield part;
    if (part.length < partBytes) return;
  }
}

/**
 * Decodes a part of a base64 text. Four characters encode three bytes, so decoding begins at the
 * four characters that contain the first byte.
 */
function decodePart(text: string, offset: number, length: number): Uint8Array {
  const firstGroup = Math.floor(offset / 3);
  const lastGroup = Math.min(text.length / 4, Math.ceil((offset + length) / 3));
  const binary = atob(text.slice(4 * firstGroup, 4 * lastGroup));
  const skipped = offset - 3 * firstGroup;
  const end = Math.min(binary.length, skipped + length);
  const bytes = new Uint8Array(Math.max(0, end - skipped));
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(skipped + i);
  return bytes;
}
