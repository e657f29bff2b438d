/**
 * Decompresses one gzip member.
 * @param source - Name of the file, for errors.
 * @throws `RangeError`, one line, if the bytes are damaged or cut short.
 */
export async function gunzip(bytes: Uint8Array, source: string): Promise<Uint8Array> {
  // Copy the bytes, because `Blob` requires a buffer that is not shared.
  const stream = new Blob([Uint8Array.from(bytes)])
    .stream()
    .pipeThrough(new DecompressionStream("gzip"));
  try {
    const parts: Uint8Array<ArrayBuffer>[] = [];
    // Do not use a `Response`, which would hide the reason of an error.
    const reader = stream.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
    }
    return new Uint8Array(await new Blob(parts).arrayBuffer());
  } catch (cause) {
    throw new RangeError(`${source} is not a valid gzip member: ${(cause as Error).message}`, {
      cause,
    });
  }
}
