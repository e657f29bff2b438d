import type { IncomingMessage } from "node:http";

/** Error for an unusable body, with its HTTP status. */
export class BodyError extends Error {
  override readonly name = "BodyError";
  readonly status: 400 | 413;

  constructor(status: 400 | 413, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Reads a JSON body.
 * @returns `undefined` for an empty body.
 * @throws {@link BodyError} for a body that is too large or not JSON.
 */
export async function readBody(message: IncomingMessage, maxBytes: number): Promise<unknown> {
  const tooLarge = new BodyError(413, `body must have at most ${maxBytes} bytes`);
  if (Number(message.headers["content-length"] ?? 0) > maxBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk as Uint8Array);
    size += bytes.length;
    if (size > maxBytes) throw tooLarge;
    chunks.push(bytes);
  }
  if (size === 0) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString("utf8")) as unknown;
  } catch {
    throw new BodyError(400, "body must be JSON");
  }
}
