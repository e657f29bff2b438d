import {
  columnBytes,
  columnNames,
  indexColumns,
  type ColumnKind,
  type IndexColumns,
  type IndexRow,
} from "./index-columns.ts";

/** Version of the file format. */
const formatVersion = 1;
const magic = "TWIX";
const headerBytes = 32;
/** Size of one entry of the column directory: a name, a kind, an offset. */
const entryBytes = 32;
const nameBytes = 24;
const kinds: readonly ColumnKind[] = ["uint8", "uint32", "float32", "float64", "string"];

/** Index of the trajectories of one segment. */
export interface TrajectoryIndex {
  readonly numRows: number;
  /** Size of the corresponding packed file, bytes. */
  readonly packedBytes: number;
  /** Table of the distinct strings to which string columns refer. */
  readonly strings: readonly string[];
  readonly columns: IndexColumns;
}

/**
 * Encodes an index: a header, a directory of columns, the columns (each aligned to 8 bytes), and
 * the table of strings as JSON. All numbers are little-endian; `docs/run-folder.md` describes every
 * byte.
 */
export function encodeIndex(rows: readonly IndexRow[], packedBytes: number): Uint8Array {
  const positions = new Map<string, number>();
  const positionOf = (text: string): number => {
    const known = positions.get(text);
    if (known !== undefined) return known;
    positions.set(text, positions.size);
    return positions.size - 1;
  };
  let end = headerBytes + columnNames.length * entryBytes;
  const layout = columnNames.map((name) => {
    const start = Math.ceil(end / 8) * 8;
    end = start + rows.length * columnBytes[indexColumns[name]];
    return { name, kind: indexColumns[name], start };
  });
  const cells = layout.map(({ name, kind }) =>
    rows.map((row) => (kind === "string" ? positionOf(String(row[name])) : Number(row[name]))),
  );
  const strings = new TextEncoder().encode(JSON.stringify([...positions.keys()]));
  const bytes = new Uint8Array(end + strings.length);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < 4; i++) bytes[i] = magic.charCodeAt(i);
  view.setUint32(4, formatVersion, true);
  view.setUint32(8, rows.length, true);
  view.setUint32(12, columnNames.length, true);
  view.setUint32(16, end, true);
  view.setUint32(20, strings.length, true);
  view.setFloat64(24, packedBytes, true);
  layout.forEach(({ name, kind, start }, column) => {
    const entry = headerBytes + column * entryBytes;
    bytes.set(new TextEncoder().encode(name), entry);
    view.setUint32(entry + nameBytes, kinds.indexOf(kind), true);
    view.setUint32(entry + nameBytes + 4, start, true);
    const size = columnBytes[kind];
    cells[column]!.forEach((value, row) => setNumber(view, kind, start + row * size, value));
  });
  bytes.set(strings, end);
  return bytes;
}

function setNumber(view: DataView, kind: ColumnKind, at: number, value: number): void {
  if (kind === "uint8") view.setUint8(at, value);
  else if (kind === "float32") view.setFloat32(at, value, true);
  else if (kind === "float64") view.setFloat64(at, value, true);
  else view.setUint32(at, value, true);
}

/**
 * Decodes an index. Unknown columns are skipped.
 * @param source - Name of the file, for errors.
 * @throws `RangeError`, one line, if the file is not an index, has another version, is truncated or
 *   lacks a column.
 */
export function decodeIndex(bytes: Uint8Array, source: string): TrajectoryIndex {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = String.fromCharCode(...bytes.subarray(0, 4));
  if (start !== magic) {
    throw new RangeError(`${source}: must start with ${magic}, got ${JSON.stringify(start)}`);
  }
  checkLength(source, bytes, headerBytes);
  const version = view.getUint32(4, true);
  if (version !== formatVersion) {
    throw new RangeError(`${source}: version must be ${formatVersion}, got ${version}`);
  }
  const numRows = view.getUint32(8, true);
  const numColumns = view.getUint32(12, true);
  const stringsAt = view.getUint32(16, true);
  const stringsLength = view.getUint32(20, true);
  checkLength(source, bytes, headerBytes + numColumns * entryBytes);
  checkLength(source, bytes, stringsAt + stringsLength);
  const layout = new Map<string, { readonly kind: ColumnKind | undefined; readonly at: number }>();
  for (let column = 0; column < numColumns; column++) {
    const entry = headerBytes + column * entryBytes;
    const name = decodeUtf8(bytes.subarray(entry, entry + nameBytes)).replace(/(?<!\0)\0+$/u, "");
    const kind = kinds[view.getUint32(entry + nameBytes, true)];
    layout.set(name, { kind, at: view.getUint32(entry + nameBytes + 4, true) });
  }
  const columns = Object.fromEntries(
    columnNames.map((name) => {
      const entry = layout.get(name);
      if (entry?.kind !== indexColumns[name]) {
        throw new RangeError(
          `${source}: column ${name} must be of kind ${indexColumns[name]}, got ${entry?.kind ?? "none"}`,
        );
      }
      checkLength(source, bytes, entry.at + numRows * columnBytes[entry.kind]);
      return [name, readColumn(view, entry.kind, entry.at, numRows)];
    }),
  ) as unknown as IndexColumns;
  const strings = readStrings(bytes.subarray(stringsAt, stringsAt + stringsLength), source);
  for (const name of columnNames) {
    if (indexColumns[name] !== "string") continue;
    const wrong = columns[name].findIndex((position) => position >= strings.length);
    if (wrong >= 0) {
      throw new RangeError(
        `${source}: column ${name}[${wrong}] must be less than the number of strings (${strings.length}), got ${columns[name][wrong]}`,
      );
    }
  }
  return { numRows, packedBytes: view.getFloat64(24, true), strings, columns };
}

function checkLength(source: string, bytes: Uint8Array, needed: number): void {
  if (bytes.length >= needed) return;
  throw new RangeError(`${source}: must have at least ${needed} bytes, got ${bytes.length}`);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

function decodeUtf8(bytes: Uint8Array): string {
  return utf8.decode(bytes);
}

function readStrings(bytes: Uint8Array, source: string): string[] {
  try {
    const value: unknown = JSON.parse(decodeUtf8(bytes));
    if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
  } catch {
    // Reported below, like JSON that is not a list of strings.
  }
  throw new RangeError(`${source}: table of strings must be a JSON list of strings`);
}

const arrays = {
  uint8: Uint8Array,
  uint32: Uint32Array,
  string: Uint32Array,
  float32: Float32Array,
  float64: Float64Array,
} as const;

/** True if typed arrays on this machine have the byte order of the file. */
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Copies a column, so that it is aligned and in this machine's byte order. */
function readColumn(
  view: DataView,
  kind: ColumnKind,
  at: number,
  length: number,
): Uint8Array | Uint32Array | Float32Array | Float64Array {
  const size = columnBytes[kind];
  const bytes = new Uint8Array(length * size);
  bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, bytes.length));
  if (!isLittleEndian) {
    for (let start = 0; start < bytes.length; start += size) {
      bytes.subarray(start, start + size).reverse();
    }
  }
  return new arrays[kind](bytes.buffer);
}

/** Reads one row of an index. @throws `RangeError` if there is no row with this number. */
export function readIndexRow(index: TrajectoryIndex, row: number): IndexRow {
  if (!Number.isInteger(row) || row < 0 || row >= index.numRows) {
    throw new RangeError(
      `readIndexRow: row must be an integer in [0, ${index.numRows}), got ${row}`,
    );
  }
  return Object.fromEntries(
    columnNames.map((name) => {
      const value = index.columns[name][row]!;
      return [name, indexColumns[name] === "string" ? index.strings[value]! : value];
    }),
  ) as IndexRow;
}
