import { CatalogueError, formatValue } from "./catalogue-error.ts";
import { textChunks } from "./text-chunks.ts";

const quote = 0x22;
const backslash = 0x5c;

/**
 * Streams the members of a JSON array or object. Only one member at a time is parsed, so that files
 * of many gigabytes can be read.
 *
 * @param chunks - File content as bytes, in UTF-8, or in UTF-16 with a byte order mark.
 * @param name - Name of the file in messages.
 * @yields `[index, value]` for an array, `[key, value]` for an object, in file order.
 * @throws `CatalogueError` if the text is not one JSON array or object, or ends early.
 */
export async function* jsonElements(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<[string | number, unknown]> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const fail = (rule: string, got: unknown): CatalogueError =>
    new CatalogueError(`${name}: the file must ${rule}, got ${formatValue(got)}`);
  let opening = 0;
  let isClosed = false;
  let depth = 0;
  let isInText = false;
  let isEscaped = false;
  let index = 0;
  let pending: Uint8Array[] = [];
  /** Number of bytes before the current chunk, and before the current member. */
  let offset = 0;
  let memberStart = 0;

  const member = (): [string | number, unknown] | undefined => {
    let text: string;
    try {
      text = decoder.decode(pending.length === 1 ? pending[0] : Buffer.concat(pending));
    } catch {
      throw fail("be UTF-8 text", `invalid bytes in member ${index}, from byte ${memberStart} on`);
    }
    pending = [];
    if (text.trim() === "") return undefined;
    try {
      if (opening === 0x5b) {
        const value: unknown = JSON.parse(text);
        return [index++, value];
      }
      const fields: Readonly<Record<string, unknown>> = JSON.parse(`{${text}}`);
      const entry = Object.entries(fields)[0]!;
      index += 1;
      return entry;
    } catch {
      throw fail(`have valid JSON in member ${index}`, text.trim());
    }
  };

  for await (const chunk of textChunks(chunks, name)) {
    let start = 0;
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (isInText) {
        if (isEscaped) isEscaped = false;
        else if (byte === backslash) isEscaped = true;
        else if (byte === quote) isInText = false;
        continue;
      }
      if (byte === quote) {
        isInText = true;
        if (depth > 0) continue;
      }
      const isSpace = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
      if (depth === 0) {
        if (isSpace) continue;
        if (isClosed || (byte !== 0x5b && byte !== 0x7b)) {
          const got = new TextDecoder().decode(chunk.subarray(i, i + 60));
          throw fail("be one JSON array or object", got);
        }
        opening = byte;
        depth = 1;
        start = i + 1;
        memberStart = offset + start;
      } else if (byte === 0x5b || byte === 0x7b) depth += 1;
      else if (byte === 0x5d || byte === 0x7d) {
        depth -= 1;
        if (depth > 0) continue;
        if (byte !== opening + 2)
          throw fail("close the bracket it opens", String.fromCharCode(byte));
        pending.push(chunk.subarray(start, i));
        const last = member();
        if (last !== undefined) yield last;
        else if (index > 0) throw fail("have JSON after its last comma", "nothing");
        isClosed = true;
      } else if (byte === 0x2c && depth === 1) {
        pending.push(chunk.subarray(start, i));
        const next = member();
        if (next === undefined) throw fail("have JSON before each comma", "nothing");
        yield next;
        start = i + 1;
        memberStart = offset + start;
      }
    }
    offset += chunk.length;
    // The reader may reuse its buffer.
    if (depth > 0 && start < chunk.length) pending.push(chunk.slice(start));
  }
  if (opening === 0) throw fail("be one JSON array or object", "an empty file");
  if (!isClosed) throw fail("be complete", `an end inside member ${index}`);
}
