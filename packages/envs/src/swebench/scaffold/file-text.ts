/** A text file, and how its bytes are read. */
export interface FileText {
  readonly text: string;
  /** `latin1` for bytes that are no UTF-8: each is one character, so that none is lost. */
  readonly encoding: "utf8" | "latin1";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the bytes of a text file; `undefined` for a binary one, which has a zero byte. */
export function decodeFile(bytes: Uint8Array): FileText | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return { text: utf8.decode(bytes), encoding: "utf8" };
  } catch {
    return { text: Buffer.from(bytes).toString("latin1"), encoding: "latin1" };
  }
}

/** Bytes of a changed text; `undefined` if the encoding has no bytes for one of its characters. */
export function encodeFile({ text, encoding }: FileText): Uint8Array | undefined {
  if (encoding === "latin1" && /[^\0-\u00FF]/u.test(text)) return undefined;
  return Buffer.from(text, encoding);
}
