/** A text file, and how its bytes are read. */
export interface FileText {
  readonly text: string;
  /** `latin1` for bytes that are no UTF-8: each is one character, so that none is lost. */
  readonly encoding: "utf8" | "latin1";
  /** Line break of the file; `text` has `\n` for it. Where breaks are mixed, `\n`, and `text` has them as they are. */
  readonly lineBreak: "\n" | "\r\n";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads the bytes of a text file; `undefined` for a binary one, which has a zero byte. */
export function decodeFile(bytes: Uint8Array): FileText | undefined {
  if (bytes.includes(0)) return undefined;
  const { text, encoding } = decodeBytes(bytes);
  const isDos = text.includes("\r\n") && !/(?<!\r)\n/u.test(text);
  return isDos
    ? { text: unixBreaks(text), encoding, lineBreak: "\r\n" }
    : { text, encoding, lineBreak: "\n" };
}

/** A text with `\n` for each `\r\n`. */
export const unixBreaks = (text: string): string => text.replaceAll("\r\n", "\n");

function decodeBytes(bytes: Uint8Array): Pick<FileText, "text" | "encoding"> {
  try {
    return { text: utf8.decode(bytes), encoding: "utf8" };
  } catch {
    return { text: Buffer.from(bytes).toString("latin1"), encoding: "latin1" };
  }
}

/** Bytes of a changed text; `undefined` if the encoding has no bytes for one of its characters. */
export function encodeFile({ text, encoding, lineBreak }: FileText): Uint8Array | undefined {
  if (encoding === "latin1" && /[^\0-\u00FF]/u.test(text)) return undefined;
  return Buffer.from(lineBreak === "\n" ? text : text.replaceAll("\n", lineBreak), encoding);
}
