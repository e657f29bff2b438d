import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

/** Request whose answer is cached. */
export interface CachedRequest {
  readonly url: string;
  /** Body as sent: model, messages or tokens, sampling settings. */
  readonly body: unknown;
  /** Seed of the response; distinguishes samples even if the server supports no seed. */
  readonly seed: string;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");

/**
 * Cache of a server's answers on disk. Each answer has a file `FOLDER/ab/abcd....json`, named by
 * the SHA-256 of URL, body and seed, which contains the request without the key, the answer, and
 * its checksum. Files are written atomically, so that several processes can share a folder. A file
 * that is damaged or belongs to another request is ignored.
 */
export class ResponseCache {
  readonly #folder: string;
  readonly #onDamaged: (path: string) => void;

  /**
   * @param onDamaged - Called with the path of each damaged file; its answer is requested again.
   */
  constructor(folder: string, onDamaged: (path: string) => void = () => undefined) {
    this.#folder = folder;
    this.#onDamaged = onDamaged;
  }

  /** Finds the JSON text of the answer to a request; `undefined` if there is none. */
  async find(request: CachedRequest): Promise<string | undefined> {
    const path = this.#locate(request);
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) return undefined;
    const answer = readEntry(text, request);
    if (answer === undefined) this.#onDamaged(path);
    return answer;
  }

  /** Stores an answer. @throws Errors of the file system. */
  async keep(request: CachedRequest, answer: string): Promise<void> {
    const path = this.#locate(request);
    await mkdir(dirname(path), { recursive: true });
    const partial = `${path}.${randomUUID()}`;
    const entry = { version: 1, request, sha256: digest(answer), answer };
    await writeFile(partial, `${JSON.stringify(entry)}\n`);
    await rename(partial, path);
  }

  #locate({ url, body, seed }: CachedRequest): string {
    const key = digest(JSON.stringify([url, body, seed]));
    return join(this.#folder, key.slice(0, 2), `${key}.json`);
  }
}

/**
 * Reads the answer from a file's text; `undefined` if it is damaged or belongs to another request.
 */
function readEntry(text: string, request: CachedRequest): string | undefined {
  try {
    const entry = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const { version, request: kept, sha256, answer } = entry;
    const isIntact =
      version === 1 &&
      JSON.stringify(kept) === JSON.stringify(request) &&
      typeof answer === "string" &&
      digest(answer) === sha256;
    return isIntact ? answer : undefined;
  } catch {
    return undefined;
  }
}
