import { findDuplicateKey } from "./duplicate-keys.ts";
import { isJsonObject, parseJsonObject } from "./json-file.ts";

/** Bytes per entry of each number type in the format. */
const byteWidths = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  F8_E8M0: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
  C64: 8,
} as const;

/** Number type in the format. Only F32, F16 and BF16 can be read here. */
export type StoredType = keyof typeof byteWidths;

/** Location of a tensor in its file. */
export interface TensorEntry {
  readonly type: StoredType;
  readonly shape: readonly number[];
  /** Offset of the first byte from the end of the header. */
  readonly begin: number;
  /** Offset of the byte after the last byte. */
  readonly end: number;
}

/** Content of a safetensors header. */
export interface SafetensorsHeader {
  /** Tensors by name, in the order of their data. */
  readonly entries: ReadonlyMap<string, TensorEntry>;
  /** Metadata: arbitrary string pairs. */
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Parses a header and checks that its tensors fill the data without gaps or overlaps, as the format
 * requires.
 * @param dataBytes - Number of bytes after the header.
 * @throws `Error` naming the file, the tensor, the rule and the value found.
 */
export function parseSafetensorsHeader(
  bytes: Uint8Array,
  path: string,
  dataBytes: number,
): SafetensorsHeader {
  const text = decode(bytes, path);
  const { __metadata__: metadata = {}, ...tensors } = parseJsonObject(text, `${path}: header`);
  const twice = findDuplicateKey(text);
  if (twice !== undefined) {
    throw new Error(
      `${path}: header must contain each name once, got ${JSON.stringify(twice)} twice`,
    );
  }
  const entries = Object.entries(tensors)
    .map(([name, value]) => ({ name, entry: parseEntry(name, value, path) }))
    .sort((a, b) => a.entry.begin - b.entry.begin || a.entry.end - b.entry.end);
  let next = 0;
  for (const { name, entry } of entries) {
    if (entry.begin !== next) {
      throw new Error(
        `${path}: ${name} must begin where the tensor before it ends, at byte ${next}, got ${entry.begin}`,
      );
    }
    if (entry.end > dataBytes) {
      throw new Error(
        `${path}: ${name} must end within the file, got ${entry.end} of ${dataBytes} bytes`,
      );
    }
    next = entry.end;
  }
  if (next !== dataBytes) {
    throw new Error(`${path}: tensors must fill ${dataBytes} bytes of data, got ${next}`);
  }
  return {
    entries: new Map(entries.map(({ name, entry }) => [name, entry])),
    metadata: parseMetadata(metadata, path),
  };
}

function decode(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new Error(`${path}: header must be UTF-8`, { cause });
  }
}

function parseEntry(name: string, value: unknown, path: string): TensorEntry {
  const { dtype, shape, data_offsets: offsets } = isJsonObject(value) ? value : {};
  if (!isStoredType(dtype)) {
    throw new Error(`${path}: ${name} must have a known dtype, got ${JSON.stringify(dtype)}`);
  }
  if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
    throw new Error(
      `${path}: ${name} must have a shape and two data_offsets, got ${JSON.stringify(value)}`,
    );
  }
  const numBytes = shape.reduce((size, length) => size * length, byteWidths[dtype]);
  const begin = offsets[0]!;
  const end = offsets[1]!;
  if (end - begin !== numBytes) {
    throw new Error(
      `${path}: ${name} of shape [${shape.join(", ")}] must have ${numBytes} bytes, got ${end - begin}`,
    );
  }
  return { type: dtype, shape, begin, end };
}

function parseMetadata(metadata: unknown, path: string): Record<string, string> {
  if (!isJsonObject(metadata)) {
    throw new Error(`${path}: __metadata__ must be an object, got ${JSON.stringify(metadata)}`);
  }
  return Object.fromEntries(
    Object.entries(metadata).map(([key, value]) => {
      if (typeof value === "string") return [key, value];
      throw new Error(
        `${path}: __metadata__.${key} must be a string, got ${JSON.stringify(value)}`,
      );
    }),
  );
}

const isStoredType = (value: unknown): value is StoredType =>
  typeof value === "string" && Object.hasOwn(byteWidths, value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);
