import type { ContainerFile } from "./container.ts";

/**
 * True if unpacking a path cannot leave the target folder: it is relative and contains no `..`, NUL
 * or backslash.
 */
export function isSafePath(path: string): boolean {
  if (path === "" || path.startsWith("/") || /[\0\\]/u.test(path)) return false;
  return path.split("/").every((part) => part !== "..");
}

function field(text: string, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  buffer.write(text, "utf8");
  return buffer;
}

function octal(value: number, length: number): Buffer {
  return field(`${value.toString(8).padStart(length - 1, "0")}\0`, length);
}

function header(name: Buffer, size: number, mode: number, type: string, owner = 0): Buffer {
  const block = Buffer.concat([
    Buffer.concat([name, Buffer.alloc(100)]).subarray(0, 100),
    octal(mode, 8),
    octal(owner, 8),
    octal(owner, 8),
    octal(size, 12),
    octal(0, 12),
    Buffer.from("        "),
    Buffer.from(type),
    Buffer.alloc(100),
    Buffer.from("ustar\x0000"),
    Buffer.alloc(247),
  ]);
  let sum = 0;
  for (const byte of block) sum += byte;
  octal(sum, 8).copy(block, 148);
  return block;
}

function padToBlock(content: Uint8Array): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

/**
 * Packs files into an archive with modification time 0. Files are owned by root unless `owner` is
 * set; parent folders are not included.
 * @throws `RangeError` for an unsafe path (see {@link isSafePath}).
 */
export function packTar(files: readonly ContainerFile[]): Buffer {
  const blocks: Buffer[] = [];
  for (const { path, content, mode = 0o644, owner = 0 } of files) {
    if (!isSafePath(path)) {
      throw new RangeError(`packTar: path must be relative and without "..", got ${path}`);
    }
    const name = Buffer.from(path, "utf8");
    if (name.length > 100) {
      // A long name is stored in an extra entry, in GNU tar's format.
      const long = Buffer.concat([name, Buffer.alloc(1)]);
      blocks.push(header(Buffer.from("././@LongLink"), long.length, 0o644, "L"), padToBlock(long));
    }
    const type = path.endsWith("/") ? "5" : "0";
    blocks.push(
      header(name.subarray(0, 100), content.length, mode, type, owner),
      padToBlock(content),
    );
  }
  blocks.push(Buffer.alloc(1024));
  return Buffer.concat(blocks);
}

/** Contents of an archive. */
export interface UnpackedTar {
  readonly files: readonly ContainerFile[];
  /** Number of skipped entries: neither file nor folder, or an unsafe path. */
  readonly numSkipped: number;
}

/**
 * Reads the regular files of an archive into memory. Links, devices, pipes and unsafe paths are
 * skipped.
 * @throws `RangeError` if the bytes are not an archive.
 */
export function unpackTar(bytes: Buffer): UnpackedTar {
  const files: ContainerFile[] = [];
  let numSkipped = 0;
  let longName: string | undefined;
  for (let at = 0; at + 512 <= bytes.length;) {
    const block = bytes.subarray(at, at + 512);
    at += 512;
    if (block.every((byte) => byte === 0)) break;
    const size = readNumber(block, 124, 12);
    if (!Number.isSafeInteger(size) || size < 0 || at + size > bytes.length) {
      throw new RangeError(
        `unpackTar: bytes must be a complete archive, got an entry of ${size} bytes at offset ${at} of ${bytes.length}`,
      );
    }
    const content = bytes.subarray(at, at + size);
    at += Math.ceil(size / 512) * 512;
    const type = String.fromCharCode(block[156]!);
    if (type === "L") {
      longName = readText(content);
      continue;
    }
    if (type === "x") {
      longName = paxPath(content) ?? longName;
      continue;
    }
    if (type === "g") continue;
    const prefix = block.subarray(257, 262).toString("latin1") === "ustar" ? block : undefined;
    const shortPrefix = prefix ? readText(prefix.subarray(345, 500)) : "";
    const shortName = readText(block.subarray(0, 100));
    const path = longName ?? (shortPrefix === "" ? shortName : `${shortPrefix}/${shortName}`);
    longName = undefined;
    if (type === "5") continue;
    if ((type === "0" || type === "\0") && isSafePath(path)) {
      files.push({ path, content, mode: readNumber(block, 100, 8) & 0o777 });
    } else numSkipped += 1;
  }
  return { files, numSkipped };
}

function readText(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.subarray(0, end === -1 ? undefined : end).toString("utf8");
}

function readNumber(block: Buffer, start: number, length: number): number {
  const bytes = block.subarray(start, start + length);
  // If the high bit is set, the number is binary, which is used for sizes above 8 GiB.
  if ((bytes[0]! & 0x80) !== 0) {
    let value = bytes[0]! & 0x7f;
    for (const byte of bytes.subarray(1)) value = value * 256 + byte;
    return value;
  }
  return Number.parseInt(readText(bytes).trim() || "0", 8);
}

/** Reads the path from a pax header, which consists of records `length key=value\n`. */
function paxPath(content: Buffer): string | undefined {
  for (let at = 0; at < content.length;) {
    const blank = content.indexOf(0x20, at);
    const length = Number(content.subarray(at, blank).toString("latin1"));
    if (blank === -1 || !Number.isSafeInteger(length) || length <= 0) return undefined;
    const record = content.subarray(blank + 1, at + length - 1).toString("utf8");
    if (record.startsWith("path=")) return record.slice("path=".length);
    at += length;
  }
  return undefined;
}
