/**
 * Bytes that cannot be decoded as text. The message is one line:
 * `source: text must <rule>, got <value>`.
 */
export class TextError extends Error {
  override readonly name = "TextError";
}

/** Decoder of text that arrives in pieces. */
export interface TextStreamDecoder {
  /**
   * Decodes all complete characters; keeps the bytes of an incomplete one for the next call.
   * @throws {@link TextError}, see {@link decodeText}.
   */
  write(bytes: Uint8Array): string;
  /** Ends the text. @throws {@link TextError} if the last character is incomplete. */
  end(): string;
}

type Encoding = "utf-8" | "utf-16le" | "utf-16be";

/**
 * Decodes the bytes of a text file: UTF-8, with or without a byte order mark, or UTF-16 with one.
 * The byte order mark is removed.
 *
 * @param source - Name of the file, for messages.
 * @throws {@link TextError} for bytes that are not valid UTF-8 (or UTF-16, if they begin with its byte
 * order mark), with the offset of the first invalid byte, unless `invalid` is `replace`. Also for
 * UTF-32, and for text that looks like UTF-16 but has no mark.
 *
 * @example
 * decodeText(Uint8Array.of(0xef, 0xbb, 0xbf, 0x6c, 0x6f, 0x6f, 0x6b), "commands.txt"); // "look"
 */
export function decodeText(
  bytes: Uint8Array,
  source: string,
  {
    invalid = "refuse",
  }: {
    /**
     * `replace` turns invalid bytes into U+FFFD; meant for logs and other text that only people
     * read. Default `refuse`.
     */
    readonly invalid?: "refuse" | "replace";
  } = {},
): string {
  if (invalid === "replace") {
    const mark = findMark(bytes);
    if (mark?.encoding !== "utf-32") {
      const text = bytes.subarray(mark?.bytes.length ?? 0);
      return new TextDecoder(mark?.encoding ?? "utf-8", { ignoreBOM: true }).decode(text);
    }
  }
  const { encoding, markLength } = detectEncoding(bytes, source);
  return decodePart(bytes.subarray(markLength), encoding, source, { offset: markLength, line: 1 });
}

/**
 * Creates the streaming form of {@link decodeText}, for a pipe or a file too large for one string.
 */
export function createTextDecoder(source: string): TextStreamDecoder {
  let encoding: Encoding | undefined;
  let pending: Uint8Array = new Uint8Array();
  let offset = 0;
  let line = 1;
  const drop = (length: number): void => {
    pending = pending.subarray(length);
    offset += length;
  };
  /** Detects the encoding from the first bytes and removes the byte order mark. */
  const begin = (): Encoding => {
    const detected = detectEncoding(pending, source);
    drop(detected.markLength);
    return detected.encoding;
  };
  const decode = (end: number, known: Encoding): string => {
    const text = decodePart(pending.subarray(0, end), known, source, { offset, line });
    drop(end);
    line += countNewlines(text);
    return text;
  };
  return {
    write: (bytes) => {
      pending = pending.length === 0 ? bytes.slice() : concat(pending, bytes);
      if (encoding === undefined && (pending.length === 0 || mayBeMark(pending))) return "";
      encoding ??= begin();
      return decode(countWholeBytes(pending, encoding), encoding);
    },
    end: () => {
      encoding ??= begin();
      return decode(pending.length, encoding);
    },
  };
}

const marks: readonly {
  readonly encoding: Encoding | "utf-32";
  readonly bytes: readonly number[];
}[] = [
  // Test for UTF-32 first: its little-endian mark begins with the UTF-16 mark.
  { encoding: "utf-32", bytes: [0xff, 0xfe, 0, 0] },
  { encoding: "utf-32", bytes: [0, 0, 0xfe, 0xff] },
  { encoding: "utf-8", bytes: [0xef, 0xbb, 0xbf] },
  { encoding: "utf-16le", bytes: [0xff, 0xfe] },
  { encoding: "utf-16be", bytes: [0xfe, 0xff] },
];

function detectEncoding(
  bytes: Uint8Array,
  source: string,
): { readonly encoding: Encoding; readonly markLength: number } {
  const mark = findMark(bytes);
  if (mark?.encoding === "utf-32") {
    throw new TextError(`${source}: text must be UTF-8 or UTF-16, got UTF-32`);
  }
  if (mark) return { encoding: mark.encoding, markLength: mark.bytes.length };
  // UTF-16 encodes Latin text with a zero in every second byte; UTF-8 text has no zero bytes.
  if (bytes.length >= 2 && (bytes[0] === 0) !== (bytes[1] === 0)) {
    throw new TextError(
      `${source}: text must be UTF-8, or UTF-16 with a byte order mark, got a zero byte at offset ${bytes[0] === 0 ? 0 : 1}`,
    );
  }
  return { encoding: "utf-8", markLength: 0 };
}

/** Byte order mark at the start of the bytes. */
function findMark(bytes: Uint8Array): (typeof marks)[number] | undefined {
  return marks.find((mark) => mark.bytes.every((byte, i) => bytes[i] === byte));
}

/** True if the bytes are a prefix of a byte order mark. */
function mayBeMark(bytes: Uint8Array): boolean {
  return marks.some(
    (mark) => bytes.length < mark.bytes.length && bytes.every((byte, i) => byte === mark.bytes[i]),
  );
}

function decodePart(
  bytes: Uint8Array,
  encoding: Encoding,
  source: string,
  start: { readonly offset: number; readonly line: number },
): string {
  try {
    return createDecoder(encoding).decode(bytes);
  } catch (cause) {
    const at = encoding === "utf-8" ? findInvalidUtf8(bytes) : findInvalidUtf16(bytes, encoding);
    const before = createDecoder(encoding).decode(bytes.subarray(0, at));
    const found = at < bytes.length ? `byte 0x${hex(bytes[at]!)}` : "an incomplete character";
    const name = encoding === "utf-8" ? "UTF-8" : "UTF-16";
    const line = start.line + countNewlines(before);
    throw new TextError(
      `${source}: text must be ${name}, got ${found} at offset ${start.offset + at}${line > 1 ? ` (line ${line})` : ""}`,
      { cause },
    );
  }
}

// The byte order mark was already removed; a second one is part of the text.
const createDecoder = (encoding: Encoding): InstanceType<typeof TextDecoder> =>
  new TextDecoder(encoding, { fatal: true, ignoreBOM: true });

const hex = (byte: number): string => byte.toString(16).padStart(2, "0");

function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) count++;
  return count;
}

function concat(first: Uint8Array, second: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(first.length + second.length);
  bytes.set(first);
  bytes.set(second, first.length);
  return bytes;
}

/** Length of the longest prefix that ends at a character boundary, at least `length - 3`. */
function countWholeBytes(bytes: Uint8Array, encoding: Encoding): number {
  const { length } = bytes;
  if (encoding !== "utf-8") {
    const even = length - (length % 2);
    return even >= 2 && isHighSurrogate(readUnit(bytes, even - 2, encoding)) ? even - 2 : even;
  }
  for (let back = 1; back <= Math.min(3, length); back++) {
    const byte = bytes[length - back]!;
    if (byte < 0x80) return length;
    if (byte >= 0xc0) return countSequenceBytes(byte) > back ? length - back : length;
  }
  return length;
}

function countSequenceBytes(lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) return 1;
  return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

/** Offset of the first invalid UTF-8 sequence; the length if there is none. */
function findInvalidUtf8(bytes: Uint8Array): number {
  for (let at = 0; at < bytes.length;) {
    const lead = bytes[at]!;
    if (lead < 0x80) {
      at++;
      continue;
    }
    const size = countSequenceBytes(lead);
    if (size === 1) return at;
    // Some lead bytes restrict the second byte, to exclude overlong forms, surrogates and code
    // points above U+10FFFF.
    const low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
    for (let i = 1; i < size; i++) {
      const byte = bytes[at + i];
      const isAllowed =
        byte !== undefined && byte >= (i === 1 ? low : 0x80) && byte <= (i === 1 ? high : 0xbf);
      if (!isAllowed) return at;
    }
    at += size;
  }
  return bytes.length;
}

function readUnit(bytes: Uint8Array, at: number, encoding: Encoding): number {
  const [first, second] = [bytes[at]!, bytes[at + 1]!];
  return encoding === "utf-16be" ? first * 256 + second : second * 256 + first;
}

const isHighSurrogate = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00;
const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000;

/** Offset of the first invalid UTF-16 unit: a lone surrogate or half a unit. */
function findInvalidUtf16(bytes: Uint8Array, encoding: Encoding): number {
  for (let at = 0; at < bytes.length; at += 2) {
    if (at + 1 === bytes.length) return at;
    const unit = readUnit(bytes, at, encoding);
    if (isLowSurrogate(unit)) return at;
    if (!isHighSurrogate(unit)) continue;
    const isPair = at + 3 < bytes.length && isLowSurrogate(readUnit(bytes, at + 2, encoding));
    if (!isPair) return at;
    at += 2;
  }
  return bytes.length;
}
