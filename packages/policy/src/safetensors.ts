import { open } from "node:fs/promises";
import { writeFileAtomically } from "./atomic-file.ts";
import { isJsonObject, parseJsonObject } from "./json-file.ts";

/** One tensor of a safetensors file, widened to float32. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What a safetensors file holds. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** The free text pairs of its header. */
  readonly metadata: Readonly<Record<string, string>>;
}

const byteWidths = { F32: 4, F16: 2, BF16: 2 } as const;
type StoredType = keyof typeof byteWidths;

/** A header of more is a damaged file: the format itself allows 100 MB. */
const maxHeaderBytes = 100_000_000;

interface HeaderEntry {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file (github.com/huggingface/safetensors): eight bytes with the length of a
 * JSON header, the header, then the tensors' bytes. F32, F16 and BF16 become float32.
 * @throws `Error` naming the file and the tensor where it breaks the format or has another type.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const read = async (length: number, position: number): Promise<Buffer> => {
      const buffer = Buffer.alloc(length);
      for (let offset = 0; offset < length;) {
        const { bytesRead } = await file.read(buffer, offset, length - offset, position + offset);
        if (bytesRead === 0) throw new Error(`${path}: ends at byte ${position + offset}`);
        offset += bytesRead;
      }
      return buffer;
    };
    if (size < 8) throw new Error(`${path}: must have at least 8 bytes, got ${size}`);
    const headerLength = Number((await read(8, 0)).readBigUInt64LE());
    if (headerLength > Math.min(size - 8, maxHeaderBytes)) {
      throw new Error(`${path}: header must fit into the file, got a length of ${headerLength}`);
    }
    const header = parseHeader(path, (await read(headerLength, 8)).toString("utf8"));
    const dataStart = 8 + headerLength;
    const tensors = new Map<string, StoredTensor>();
    for (const { name, type, shape, begin, end } of header.entries) {
      if (end > size - dataStart) {
        throw new Error(
          `${path}: ${name} must end within the file, got ${end} of ${size - dataStart} bytes`,
        );
      }
      const bytes = await read(end - begin, dataStart + begin);
      tensors.set(name, { shape, values: toFloat32(bytes, type) });
    }
    return { tensors, metadata: header.metadata };
  } finally {
    await file.close();
  }
}

function parseHeader(
  path: string,
  text: string,
): { entries: HeaderEntry[]; metadata: Record<string, string> } {
  const { __metadata__: metadata = {}, ...tensors } = parseJsonObject(text, `${path}: header`);
  const entries = Object.entries(tensors).map(([name, value]): HeaderEntry => {
    const { dtype, shape, data_offsets: offsets } = isJsonObject(value) ? value : {};
    if (!isStoredType(dtype)) {
      throw new Error(`${path}: ${name} must be F32, F16 or BF16, got ${String(dtype)}`);
    }
    if (!isCounts(shape) || !isCounts(offsets) || offsets.length !== 2) {
      throw new Error(`${path}: ${name} must have a shape and two data_offsets`);
    }
    const numBytes = shape.reduce((size, length) => size * length, byteWidths[dtype]);
    const begin = offsets[0]!;
    const end = offsets[1]!;
    if (end - begin !== numBytes) {
      throw new Error(
        `${path}: ${name} of shape [${shape.join(", ")}] must have ${numBytes} bytes, got ${end - begin}`,
      );
    }
    return { name, type: dtype, shape, begin, end };
  });
  const pairs = isJsonObject(metadata) ? Object.entries(metadata) : [];
  return {
    entries,
    metadata: Object.fromEntries(pairs.map(([key, value]) => [key, String(value)])),
  };
}

const isStoredType = (value: unknown): value is StoredType =>
  typeof value === "string" && Object.hasOwn(byteWidths, value);

const isCounts = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((entry) => Number.isSafeInteger(entry) && entry >= 0);

/** Widens stored bytes to float32; exact for all three types. Little-endian, as the format is. */
function toFloat32(bytes: Buffer, type: StoredType): Float32Array {
  if (type === "F32") {
    const aligned = bytes.byteOffset % 4 === 0 ? bytes : Buffer.from(new Uint8Array(bytes));
    return new Float32Array(aligned.buffer, aligned.byteOffset, bytes.byteLength / 4);
  }
  const numValues = bytes.byteLength / 2;
  const bits = new Uint32Array(numValues);
  for (let i = 0; i < numValues; i++) {
    const half = bytes.readUInt16LE(2 * i);
    // A bfloat16 is the upper half of a float32.
    bits[i] = type === "BF16" ? half << 16 : halfBits(half);
  }
  return new Float32Array(bits.buffer);
}

/** The bits of the float32 that equals an IEEE float16. */
function halfBits(half: number): number {
  const sign = (half & 0x8000) << 16;
  const exponent = (half >> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0x1f) return (sign | 0x7f800000 | (fraction << 13)) >>> 0;
  if (exponent > 0) return (sign | ((exponent + 112) << 23) | (fraction << 13)) >>> 0;
  if (fraction === 0) return sign >>> 0;
  // Subnormal: shift the leading bit into the place of the implicit one.
  const shift = Math.clz32(fraction) - 21;
  return (sign | ((113 - shift) << 23) | (((fraction << shift) & 0x3ff) << 13)) >>> 0;
}

/**
 * Writes tensors as float32 safetensors, atomically, in the order of the map.
 * @throws `RangeError` if a shape does not fit its values.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    const size = shape.reduce((product, length) => product * length, 1);
    if (size !== values.length) {
      throw new RangeError(
        `writeSafetensors: ${name} of shape [${shape.join(", ")}] must have ${size} values, got ${values.length}`,
      );
    }
    header[name] = { dtype: "F32", shape, data_offsets: [offset, offset + values.byteLength] };
    offset += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  // Spaces fill the header up, so that the data is aligned for readers that map it into memory.
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, " ");
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  const data = [...tensors.values()].map(
    ({ values }) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  );
  await writeFileAtomically(path, [length, padded, ...data]);
}
