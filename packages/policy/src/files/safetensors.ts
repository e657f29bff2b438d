import { open, type FileHandle } from "node:fs/promises";
import { findNonFinite, findNonFiniteHalf, narrowToHalves, widenHalves } from "@turnwise/core";
import type { FileFeed } from "@turnwise/graph";
import { writeFileAtomically } from "./atomic-file.ts";
import {
  parseSafetensorsHeader,
  type StoredType,
  type SafetensorsHeader,
  type TensorEntry,
} from "./safetensors-header.ts";

/** Tensor of a safetensors file, upcast to float32. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/**
 * Tensor for a safetensors file: its values, or a function that is called for the values when they
 * are written.
 */
export interface TensorToWrite {
  readonly shape: readonly number[];
  readonly values: Float32Array | (() => Float32Array | Promise<Float32Array>);
}

/** Content of a safetensors file. */
export interface SafetensorsFile {
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  /** Metadata from the header. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** Storage type of floating-point numbers. */
export type FloatType = "F32" | "F16" | "BF16";

/** True for number types that can be read here. */
export const isFloatType = (type: StoredType): type is FloatType =>
  type === "F32" || type === "F16" || type === "BF16";

/** Maximum size of a header in the format: 100 MB. */
const maxHeaderBytes = 100_000_000;

/** Number of bytes read or written at once. */
const chunkBytes = 2 ** 22;

/** Safetensors file with a checked header, whose tensors are read one by one. */
export class OpenSafetensors {
  readonly path: string;
  readonly header: SafetensorsHeader;
  readonly #file: FileHandle;
  readonly #dataStart: number;
  #halves: Uint16Array | undefined;
  #chunk: Float32Array | undefined;

  private constructor(
    path: string,
    file: FileHandle,
    header: SafetensorsHeader,
    dataStart: number,
  ) {
    this.path = path;
    this.header = header;
    this.#file = file;
    this.#dataStart = dataStart;
  }

  /**
   * Opens a file (github.com/huggingface/safetensors): eight bytes with the length of a JSON
   * header, the header, then the data of the tensors.
   * @throws `Error` naming the file and the tensor if it breaks the format.
   */
  static async open(path: string): Promise<OpenSafetensors> {
    const file = await open(path, "r");
    try {
      const { size } = await file.stat();
      if (size < 8) throw new Error(`${path}: must have at least 8 bytes, got ${size}`);
      const prefix = Buffer.alloc(8);
      await readFully(file, path, prefix, 0);
      const length = prefix.readBigUInt64LE();
      if (length > BigInt(Math.min(size - 8, maxHeaderBytes))) {
        throw new Error(
          `${path}: header must fit into the file and into 100 MB, got a length of ${length} in ${size} bytes`,
        );
      }
      const dataStart = 8 + Number(length);
      const bytes = Buffer.alloc(Number(length));
      await readFully(file, path, bytes, 8);
      const header = parseSafetensorsHeader(bytes, path, size - dataStart);
      return new OpenSafetensors(path, file, header, dataStart);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  /**
   * Reads a tensor (F32, F16 or BF16) directly into a float32 array, with one chunk of extra
   * memory.
   * @param options - `into`: array to fill and return if it has the tensor's size.
   * @throws `Error` naming file and tensor if there is no such tensor, it has another type, or the
   *   file ends early; with `requireFinite`, if it contains NaN or an infinity; the message has the
   *   index.
   */
  async read(
    name: string,
    {
      requireFinite = false,
      into,
    }: { readonly requireFinite?: boolean; readonly into?: Float32Array | undefined } = {},
  ): Promise<Float32Array> {
    const { entry, type } = this.#entryOf(name);
    const { shape } = entry;
    const size = shape.reduce((product, length) => product * length, 1);
    const values = into?.length === size ? into : new Float32Array(size);
    for (let start = 0; start < size; start += chunkBytes / 4) {
      const part = values.subarray(start, start + chunkBytes / 4);
      await this.#readPart(entry, type, start, part);
      const found = requireFinite ? findNonFinite(part) : -1;
      if (found >= 0) throw this.#notFiniteError(name, entry, start + found, part[found]!);
    }
    return values;
  }

  /** Location of a tensor in the file, for programs that memory-map it. @throws Like `read`. */
  locate(name: string): FileFeed {
    const { entry, type } = this.#entryOf(name);
    const { shape, begin } = entry;
    return { file: this.path, offset: this.#dataStart + begin, type, shape };
  }

  /**
   * Reads and checks a tensor without keeping it.
   * @throws `Error` naming file, tensor and index if the tensor contains NaN or an infinity, or the
   *   file ends early.
   */
  async checkFinite(name: string): Promise<void> {
    const { entry, type } = this.#entryOf(name);
    const size = entry.shape.reduce((product, length) => product * length, 1);
    this.#chunk ??= new Float32Array(chunkBytes / 4);
    for (let start = 0; start < size; start += this.#chunk.length) {
      const part = this.#chunk.subarray(0, size - start);
      if (type === "F32") {
        await this.#readPart(entry, type, start, part);
        const found = findNonFinite(part);
        if (found >= 0) throw this.#notFiniteError(name, entry, start + found, part[found]!);
        continue;
      }
      const halves = await this.#readHalves(entry, start, part.length);
      const found = findNonFiniteHalf(type, halves);
      if (found < 0) continue;
      widenHalves(type, halves.subarray(found, found + 1), part.subarray(0, 1));
      throw this.#notFiniteError(name, entry, start + found, part[0]!);
    }
  }

  #entryOf(name: string): { readonly entry: TensorEntry; readonly type: FloatType } {
    const entry = this.header.entries.get(name);
    if (!entry) throw new Error(`${this.path}: ${name} must be in the file, got no such tensor`);
    const { type } = entry;
    if (!isFloatType(type)) {
      throw new Error(`${this.path}: ${name} must be F32, F16 or BF16, got ${type}`);
    }
    return { entry, type };
  }

  #notFiniteError(name: string, { shape }: TensorEntry, offset: number, value: number): Error {
    const index = unflattenIndex(shape, offset).join(", ");
    return new Error(`${this.path}: ${name}[${index}] must be finite, got ${value}`);
  }

  async #readPart(
    entry: TensorEntry,
    type: FloatType,
    start: number,
    part: Float32Array,
  ): Promise<void> {
    if (type === "F32") {
      const bytes = new Uint8Array(part.buffer, part.byteOffset, part.byteLength);
      const from = this.#dataStart + entry.begin + 4 * start;
      return readFully(this.#file, this.path, bytes, from);
    }
    widenHalves(type, await this.#readHalves(entry, start, part.length), part);
  }

  async #readHalves({ begin }: TensorEntry, start: number, count: number): Promise<Uint16Array> {
    this.#halves ??= new Uint16Array(chunkBytes / 4);
    const halves = this.#halves.subarray(0, count);
    const bytes = new Uint8Array(halves.buffer, 0, halves.byteLength);
    await readFully(this.#file, this.path, bytes, this.#dataStart + begin + 2 * start);
    return halves;
  }

  /** Closes the file. */
  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Converts the index of an entry in a row-major array to its indices in the tensor. */
function unflattenIndex(shape: readonly number[], offset: number): number[] {
  const index: number[] = [];
  let rest = offset;
  for (const length of shape.toReversed()) {
    index.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return index;
}

async function readFully(
  file: FileHandle,
  path: string,
  target: Uint8Array,
  position: number,
): Promise<void> {
  for (let offset = 0; offset < target.byteLength;) {
    const length = target.byteLength - offset;
    const { bytesRead } = await file.read(target, offset, length, position + offset);
    if (bytesRead === 0) {
      throw new Error(
        `${path}: must have at least ${position + target.byteLength} bytes, got ${position + offset}`,
      );
    }
    offset += bytesRead;
  }
}

/**
 * Reads a complete safetensors file. F32, F16 and BF16 become float32.
 * @throws `Error` naming the file and the tensor if it breaks the format or has another type.
 */
export async function readSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await OpenSafetensors.open(path);
  try {
    const { entries, metadata } = file.header;
    const tensors = new Map<string, StoredTensor>();
    for (const [name, { shape }] of entries) {
      tensors.set(name, { shape, values: await file.read(name) });
    }
    return { tensors, metadata };
  } finally {
    await file.close();
  }
}

/** Options of {@link writeSafetensors}. */
export interface WriteSafetensorsOptions {
  /** Metadata for the header. Default `{ format: "pt" }`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Storage type; F16 and BF16 round values. Default F32. */
  readonly type?: FloatType;
}

/**
 * Writes tensors as safetensors, atomically, in the order of the map.
 * @throws `RangeError` if a shape does not fit its values, or a finite value is too large for the
 *   type; in that case no file is written.
 */
export async function writeSafetensors(
  path: string,
  tensors: ReadonlyMap<string, TensorToWrite>,
  { metadata = { format: "pt" }, type = "F32" }: WriteSafetensorsOptions = {},
): Promise<void> {
  const header: Record<string, unknown> = { __metadata__: metadata };
  let offset = 0;
  for (const [name, { shape, values }] of tensors) {
    const size = shape.reduce((product, length) => product * length, 1);
    if (typeof values !== "function") checkSize(name, shape, values);
    const end = offset + size * (type === "F32" ? 4 : 2);
    header[name] = { dtype: type, shape, data_offsets: [offset, end] };
    offset = end;
  }
  const json = Buffer.from(JSON.stringify(header));
  // Pad with spaces, so that the data is aligned for readers that memory-map the file.
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, " ");
  json.copy(padded);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(padded.length));
  await writeFileAtomically(path, streamParts([length, padded], tensors, type));
}

function checkSize(name: string, shape: readonly number[], { length }: Float32Array): void {
  const size = shape.reduce((product, each) => product * each, 1);
  if (size === length) return;
  throw new RangeError(
    `writeSafetensors: ${name} of shape [${shape.join(", ")}] must have ${size} values, got ${length}`,
  );
}

/** Yields the bytes of a file in parts; a part is valid until the next one is requested. */
async function* streamParts(
  start: readonly Uint8Array[],
  tensors: ReadonlyMap<string, TensorToWrite>,
  type: FloatType,
): AsyncGenerator<Uint8Array> {
  yield* start;
  const halves = new Uint16Array(type === "F32" ? 0 : chunkBytes / 4);
  for (const [name, { shape, values: given }] of tensors) {
    const values = typeof given === "function" ? await given() : given;
    checkSize(name, shape, values);
    if (type === "F32") {
      yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      continue;
    }
    for (let first = 0; first < values.length; first += halves.length) {
      const part = values.subarray(first, first + halves.length);
      const target = halves.subarray(0, part.length);
      narrowToHalves(type, part, target);
      checkNarrowed(name, { shape, values }, first, target, type);
      yield new Uint8Array(target.buffer, 0, target.byteLength);
    }
  }
}

/** Checks that rounding has not turned a finite value into an infinity. */
function checkNarrowed(
  name: string,
  { shape, values }: StoredTensor,
  first: number,
  halves: Uint16Array,
  type: FloatType,
): void {
  const exponent = type === "F16" ? 0x7c00 : 0x7f80;
  for (let i = 0; i < halves.length; i++) {
    if ((halves[i]! & exponent) !== exponent || !Number.isFinite(values[first + i])) continue;
    throw new RangeError(
      `writeSafetensors: ${name}[${unflattenIndex(shape, first + i).join(", ")}] must fit into ${type}, got ${values[first + i]}`,
    );
  }
}
