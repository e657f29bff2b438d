/**
 * Reads lines from a stream of bytes.
 * @returns Lines without their line ends; `undefined` in place of a line of more than `maxBytes` bytes.
 *   The last line may lack a line end.
 */
export async function* readLines(
  chunks: AsyncIterable<Uint8Array | string>,
  maxBytes: number,
): AsyncGenerator<string | undefined, void, void> {
  const decoder = new TextDecoder();
  const encoder = new TextEncoder();
  let parts: Uint8Array[] = [];
  let size = 0;
  const take = (): string | undefined => {
    const line = new Uint8Array(Math.min(size, maxBytes));
    let offset = 0;
    if (size <= maxBytes) {
      for (const part of parts) {
        line.set(part, offset);
        offset += part.length;
      }
    }
    const text = size > maxBytes ? undefined : decoder.decode(line).replace(/\r$/u, "");
    parts = [];
    size = 0;
    return text;
  };
  for await (const chunk of chunks) {
    let rest = typeof chunk === "string" ? encoder.encode(chunk) : chunk;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      add(rest.subarray(0, end));
      yield take();
      rest = rest.subarray(end + 1);
    }
    add(rest);
  }
  if (size > 0) yield take();

  function add(part: Uint8Array): void {
    size += part.length;
    if (size <= maxBytes) parts.push(part);
    else parts = [];
  }
}
