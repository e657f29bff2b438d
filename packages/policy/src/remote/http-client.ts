import { request as requestHttp, Agent as HttpAgent, type ClientRequest } from "node:http";
import { request as requestHttps, Agent as HttpsAgent } from "node:https";
import { checkInteger, checkPositive } from "@turnwise/core";
import { JsonAnswer } from "./json-answer.ts";
import { RemoteError } from "./remote-error.ts";

/** How to reach a server, and how patiently. */
export interface RemoteOptions {
  /** Where its routes begin: `http://host:8000`. Without user, password, query or fragment. */
  readonly url: string;
  /** Sent as a header only; never in an error, a record or a log. */
  readonly apiKey?: string;
  /** The longest that one attempt of a request may take, seconds. Default 600. */
  readonly timeoutSeconds?: number;
  /** How often a request is tried that failed for a passing reason, `>= 1`. Default 6. */
  readonly maxAttempts?: number;
  /** Before the second attempt, seconds; doubled for each further one, at most 30. Default 0.5. */
  readonly retrySeconds?: number;
  /** The most requests under way at once, `>= 1`; others wait. Default 128. */
  readonly maxConcurrent?: number;
}

/** Options of one request. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutSeconds?: number;
  /** Statuses that are answers to the caller, not errors. */
  readonly accepted?: readonly number[];
}

/** Statuses that may pass: the server is busy, starting or restarting. */
const passing = new Set([408, 425, 429, 500, 502, 503, 504, 529]);
/** The longest wait between attempts, seconds. */
const longestWait = 30;
/** What is kept of an answer that is an error, characters. */
const maxDetail = 300;

interface RawAnswer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterSeconds: number | undefined;
}

/** JSON over HTTP, with retries, deadlines and a limit on what runs at once. */
export class HttpClient {
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #apiKey: string | undefined;
  readonly #timeoutSeconds: number;
  readonly #maxAttempts: number;
  readonly #retrySeconds: number;
  readonly #agent: HttpAgent;
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #numRetries = 0;

  /**
   * @param where - Name of the function that was called, for messages.
   * @param keyHeader - The header that carries the key: itself, or as a bearer token.
   */
  constructor(where: string, options: RemoteOptions, keyHeader: "authorization" | "x-api-key") {
    const { timeoutSeconds = 600, maxAttempts = 6, retrySeconds = 0.5 } = options;
    const { maxConcurrent = 128, apiKey } = options;
    checkPositive(where, { timeoutSeconds, retrySeconds });
    checkInteger(where, { maxAttempts, maxConcurrent }, { min: 1 });
    this.#base = baseUrl(where, options.url);
    this.#apiKey = apiKey === "" ? undefined : apiKey;
    this.#headers =
      this.#apiKey === undefined
        ? {}
        : { [keyHeader]: keyHeader === "authorization" ? `Bearer ${this.#apiKey}` : this.#apiKey };
    this.#timeoutSeconds = timeoutSeconds;
    this.#maxAttempts = maxAttempts;
    this.#retrySeconds = retrySeconds;
    this.#free = maxConcurrent;
    const agentOptions = { keepAlive: true, maxSockets: maxConcurrent };
    this.#agent =
      this.#base.protocol === "https:" ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
  }

  /**
   * Sends JSON and reads JSON. An equal request is sent again after a passing failure, so the route
   * must bear that.
   * @throws {@link RemoteError} that names method, URL, status and what the server said; the
   *   signal's reason if it aborts.
   */
  async send(
    method: "GET" | "POST",
    path: string,
    body?: unknown,
    { signal, timeoutSeconds = this.#timeoutSeconds, accepted = [] }: RequestOptions = {},
  ): Promise<JsonAnswer> {
    const url = new URL(this.#base.pathname.replace(/\/$/u, "") + path, this.#base);
    const where = `${method} ${url.href}`;
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    await this.#enter(signal);
    try {
      for (let attempt = 1; ; attempt++) {
        signal?.throwIfAborted();
        const isLast = attempt >= this.#maxAttempts;
        let answer: RawAnswer;
        try {
          answer = await this.#once(method, url, payload, timeoutSeconds, signal);
        } catch (cause) {
          if (signal?.aborted === true) throw signal.reason;
          const said = this.#redacted(cause instanceof Error ? cause.message : String(cause));
          if (isLast) {
            throw new RemoteError(
              url.href,
              `${where}: server must answer, got ${said} in attempt ${attempt}`,
              undefined,
              { cause },
            );
          }
          await this.#pause(attempt, undefined, signal);
          continue;
        }
        const { status, text } = answer;
        if ((status >= 200 && status < 300) || accepted.includes(status)) {
          return JsonAnswer.parse({ where, url: url.href, status, shown: this.#redacted }, text);
        }
        if (isLast || !passing.has(status)) {
          const detail = this.#redacted(text).replaceAll(/\s+/gu, " ").trim().slice(0, maxDetail);
          throw new RemoteError(
            url.href,
            `${where}: status must be 200, got ${status}${detail && `: ${detail}`}`,
            status,
          );
        }
        await this.#pause(attempt, answer.retryAfterSeconds, signal);
      }
    } finally {
      this.#leave();
    }
  }

  /** Requests that were sent again since the client was made. */
  get numRetries(): number {
    return this.#numRetries;
  }

  /** Closes connections that are idle. */
  close(): void {
    this.#agent.destroy();
  }

  /** A server may repeat what it was sent, the key included. */
  readonly #redacted = (text: string): string =>
    this.#apiKey === undefined ? text : text.replaceAll(this.#apiKey, "[key]");

  async #once(
    method: string,
    url: URL,
    payload: Buffer | undefined,
    timeoutSeconds: number,
    signal: AbortSignal | undefined,
  ): Promise<RawAnswer> {
    const send = url.protocol === "https:" ? requestHttps : requestHttp;
    let request: ClientRequest | undefined;
    let timer: NodeJS.Timeout | undefined;
    const onAbort = (): void => void request?.destroy(new Error("aborted"));
    try {
      return await new Promise<RawAnswer>((resolve, reject) => {
        request = send(
          url,
          {
            method,
            agent: this.#agent,
            headers: {
              accept: "application/json",
              ...this.#headers,
              ...(payload && {
                "content-type": "application/json",
                "content-length": payload.length,
              }),
            },
          },
          (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("error", reject);
            response.on("aborted", () => reject(new Error("the connection was cut")));
            response.on("end", () => {
              const after = Number(response.headers["retry-after"]);
              resolve({
                status: response.statusCode ?? 0,
                text: Buffer.concat(chunks).toString("utf8"),
                retryAfterSeconds: Number.isFinite(after) && after >= 0 ? after : undefined,
              });
            });
          },
        );
        request.on("error", reject);
        timer = setTimeout(
          () => request?.destroy(new Error(`no answer within ${timeoutSeconds} s`)),
          timeoutSeconds * 1000,
        );
        signal?.addEventListener("abort", onAbort, { once: true });
        request.end(payload);
      });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #pause(
    attempt: number,
    wantedSeconds: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#numRetries += 1;
    // Those that failed together come again one after the other.
    const spread = 1 + (this.#numRetries % 8) / 16;
    const own = this.#retrySeconds * 2 ** (attempt - 1) * spread;
    const seconds = Math.min(longestWait, Math.max(own, wantedSeconds ?? 0));
    let timer: NodeJS.Timeout | undefined;
    let wake: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, seconds * 1000);
    });
    signal?.addEventListener("abort", wake, { once: true });
    await over;
    clearTimeout(timer);
    signal?.removeEventListener("abort", wake);
  }

  async #enter(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    // Who leaves hands the place over; one who gave up hands it on in `#leave`.
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}

function baseUrl(where: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new RangeError(`${where}: url must be http://host or https://host, got ${text}`);
  }
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new RangeError(
      `${where}: url must have no user, password, query or fragment, got one at ${url.host}`,
    );
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new RangeError(`${where}: url must be http://host or https://host, got ${text}`);
  }
  return url;
}
