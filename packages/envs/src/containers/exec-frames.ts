/** Stream of a piece of output. */
export type StreamName = "stdout" | "stderr";

/**
 * Parses the frames of the Engine API: a header of 8 bytes (stream, three zeros, length), then the
 * content. Chunks may split frames anywhere.
 * @param onData - Called for each piece of output, in order; a piece may be part of a frame.
 * @returns A function that processes the next chunk.
 */
export function frameReader(
  onData: (stream: StreamName, data: Buffer) => void,
): (chunk: Buffer) => void {
  let header: Buffer = Buffer.alloc(0);
  let left = 0;
  let stream: StreamName = "stdout";
  return (chunk) => {
    let rest = chunk;
    while (rest.length > 0) {
      if (left > 0) {
        const data = rest.subarray(0, left);
        left -= data.length;
        rest = rest.subarray(data.length);
        onData(stream, data);
        continue;
      }
      const missing = 8 - header.length;
      header = Buffer.concat([header, rest.subarray(0, missing)]);
      rest = rest.subarray(missing);
      if (header.length < 8) return;
      stream = header[0] === 2 ? "stderr" : "stdout";
      left = header.readUInt32BE(4);
      header = Buffer.alloc(0);
    }
  };
}
