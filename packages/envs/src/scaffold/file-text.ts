/** A decoded text file. */
export interface FileText {
  readonly text: string;
  /**
   * `latin1` for bytes that are not valid UTF-8: each byte is one character, so that no byte is
   * lost.
   */
  readonly encoding: "utf8" | "latin1";
  /**
   * Line break of the file, replaced by `\n` in `text`. If the file mixes line breaks, this is
   * `\n`, and `text` keeps them unchanged.
   */
  readonly lineBreak: "\n" | "\r\n";
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Decodes a text file; `undefined` for a binary file, which contains a zero byte. */
export function decodeFile(bytes: Uint8Array): FileText | undefined {
  if (bytes.includes(0)) return undefined;
  const { text, encoding } = decodeBytes(bytes);
  const isDos = text.includes("\r\n") && !/(?<!\r)\n/u.test(text);
  return isDos
    ? { text: toUnixBreaks(text), encoding, lineBreak: "\r\n" }
    : { text, encoding, lineBreak: "\n" };
}

/** Replaces each `\r\n` by `\n`. */
export const toUnixBreaks = (text: string): string => text.replaceAll("\r\n", "\n");

function decodeBytes(bytes: Uint8Array): Pick<FileText, "text" | "encoding"> {
  try {
    return { text: utf8.decode(bytes), encoding: "utf8" };
  } catch {
    return { text: Buffer.from(bytes).toString("latin1"), encoding: "latin1" };
  }
}

/** Encodes an edited text; `undefined` if the encoding cannot represent one of its characters. */
export function encodeFile({ text, encoding, lineBreak }: FileText): Uint8Array | undefined {
  if (encoding === "latin1" && /[^\0-\u00FF]/u.test(text)) return undefined;
  return Buffer.from(lineBreak === "\n" ? text : text.replaceAll("\n", lineBreak), encoding);
}
