import { createTextDecoder } from "@turnwise/core";

/**
 * Converts a text file to UTF-8 without a byte order mark. UTF-8 passes unchanged and unchecked,
 * for readers that decode parts of it; UTF-16 with a mark is converted.
 *
 * @param source - Name of the file in messages.
 * @throws `TextError` for UTF-32, for UTF-16 without a mark, and for invalid UTF-16.
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
      if (!isConverted) chunk = removeMark(chunk);
    }
    yield isConverted ? Buffer.from(decoder.write(chunk)) : chunk;
  }
  if (head !== undefined) {
    yield isWide(head) ? Buffer.from(decoder.write(head) + decoder.end()) : removeMark(head);
  } else if (isConverted) yield Buffer.from(decoder.end());
}

/** True if text starts like UTF-16 or UTF-32: with a byte order mark, or with a zero byte. */
function isWide([first, second]: Buffer): boolean {
  return first === 0xff || first === 0xfe || first === 0 || second === 0;
}

function removeMark(head: Buffer): Buffer {
  return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? head.subarray(3) : head;
}
