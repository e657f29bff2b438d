import type { ByteRange, RunSource } from "./run-source.ts";

/** Options of {@link createUrlSource}. */
export interface UrlSourceOptions {
  /** Function used for requests. Default: the global `fetch`. */
  readonly fetch?: typeof fetch;
}

/**
 * Creates a source from a run folder on any static web server. Parts of files are requested with
 * `Range`; if the server ignores the range and sends the complete file, the part is cut from it.
 *
 * @param url - Address of the folder.
 * @throws `Error` from `read`, one line, if the server does not answer, and for a status other than
 * 200, 206, 404 and 416.
 */
export function createUrlSource(url: string, options: UrlSourceOptions = {}): RunSource {
  const base = url.endsWith("/") ? url : `${url}/`;
  // Call `fetch` without receiver, because browsers reject any other `this`.
  const request =
    options.fetch ?? ((...parameters: Parameters<typeof fetch>) => fetch(...parameters));
  const send = async (path: string, range?: ByteRange): Promise<Response | undefined> => {
    const address = base + path.split("/").map(encodeURIComponent).join("/");
    const headers: Record<string, string> = range
      ? { range: `bytes=${range.offset}-${range.offset + range.length - 1}` }
      : {};
    // Files of a live run change, so browsers must revalidate their cache.
    const init = { headers, cache: "no-cache" } as const;
    const response = await request(address, init).catch((cause: Error) => {
      throw new Error(`${address}: no answer from the server: ${cause.message}`, { cause });
    });
    if (response.status === 404) return undefined;
    if (![200, 206, 416].includes(response.status)) {
      throw new Error(`${address}: status must be 200, 206, 404 or 416, got ${response.status}`);
    }
    return response;
  };
  return {
    name: url,
    read: async (path, range) => {
      if (range?.length === 0) return new Uint8Array();
      const response = await send(path, range);
      if (response === undefined) return undefined;
      // 416: the file ends before the range.
      if (response.status === 416) return new Uint8Array();
      const bytes = new Uint8Array(await response.arrayBuffer());
      if (range === undefined || response.status === 206) return bytes;
      return bytes.subarray(range.offset, range.offset + range.length);
    },
    stream: async (path) => {
      const response = await send(path);
      return response && readParts(response);
    },
  };
}

/** Parts of a body; not every browser iterates streams. */
async function* readParts({ body }: Response): AsyncGenerator<Uint8Array> {
  const reader = body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    yield value;
  }
}
