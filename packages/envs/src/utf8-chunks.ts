import { createTextDecoder } from "@turnwise/core";

/**
 * The bytes of a text as UTF-8 without a byte order mark. UTF-8 passes through as it is, unchecked,
 * for readers that decode parts of it on their own; UTF-16 with a mark is converted.
 *
 * @param source - Name of the file, for messages.
 * @throws `TextError` for UTF-32, for UTF-16 without a mark, and for bytes that are not UTF-16.
 */
export async function* utf8Chunks(
  chunks: AsyncIterable<Uint8Array>,
  source: string,
): AsyncGenerator<Buffer> {
  const decoder = createTextDecoder(source);
  let head: Buffer | undefined = Buffer.alloc(0);
  let isConverted = false;
  for await (const bytes of chunks) {
    let chunk = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    if (head !== undefined) {
      head = Buffer.concat([head, chunk]);
      if (head.length < 4) continue;
      chunk = head;
      head = undefined;
      isConverted = isWide(chunk);
      if (!isConverted) chunk = withoutMark(chunk);
    }
    yield isConverted ? Buffer.from(decoder.write(chunk)) : chunk;
  }
  if (head !== undefined) {
    yield isWide(head) ? Buffer.from(decoder.write(head) + decoder.end()) : withoutMark(head);
  } else if (isConverted) yield Buffer.from(decoder.end());
}

/** Whether text begins as UTF-16 or UTF-32 does: with their marks, or with a zero byte. */
function isWide([first, second]: Buffer): boolean {
  return first === 0xff || first === 0xfe || first === 0 || second === 0;
}

function withoutMark(head: Buffer): Buffer {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? head.subarray(3) : head;
}
