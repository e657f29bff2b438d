import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { checkInteger, checkNonNegative, checkPositive, SequenceLimitError } from "@turnwise/core";
import { isLengthRefusal, findReportedError } from "./answer-errors.ts";
import { exchangeHttp, UnreadableAnswer, type HttpRequest } from "./http-exchange.ts";
import { JsonAnswer } from "./json-answer.ts";
import { RemoteError, RemoteRefusal } from "./remote-error.ts";
import { RequestPacer, type RateLimits } from "./request-pacer.ts";
import { ResponseCache, type CachedRequest } from "./response-cache.ts";
import { retryAfterSeconds } from "./retry-after.ts";
import { parseServerUrl } from "./server-url.ts";

/** Options for connections to a server, retries and rate limits. */
export interface RemoteOptions extends RateLimits {
  /** Base URL, such as `http://host:8000`, without user, password, query or fragment. */
  readonly url: string;
  /** API key; sent only in a header, and never part of an error, a record or a log. */
  readonly apiKey?: string;
  /** Maximum duration of one attempt, seconds. Default 600. */
  readonly timeoutSeconds?: number;
  /**
   * Time during which a request is retried after its first transient failure, seconds, `>= 0`. At
   * least one retry is made, unless 0 disables retries. Default 300.
   */
  readonly patienceSeconds?: number;
  /**
   * Wait before the first retry, seconds; doubled for each further retry, up to 30. Default 0.5.
   */
  readonly retrySeconds?: number;
  /** Maximum number of concurrent requests, `>= 1`; further requests wait. Default 128. */
  readonly maxConcurrent?: number;
  /** Maximum size of an answer, bytes, `>= 1`. Default 64 MiB. */
  readonly maxResponseBytes?: number;
  /**
   * Folder with cached answers to sample requests, which are not sent again; see `ResponseCache`.
   * Default: no cache.
   */
  readonly cacheFolder?: string | undefined;
  /** Called with the path of each damaged cache file; its answer is requested again. */
  readonly onDamagedCache?: ((path: string) => void) | undefined;
}

/** Options of one request. */
export interface RequestOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutSeconds?: number;
  /** Statuses that are returned to the caller instead of thrown as errors. */
  readonly accepted?: readonly number[];
}

/** Client errors that may be transient, in addition to server errors. */
const passing = new Set([408, 425, 429]);
const lasting = new Set([501, 505]);
/**
 * Statuses with which a server refuses the address or the key. A gateway may answer a sample request
 * with such a status by mistake.
 */
const refusals = new Set([401, 403, 404, 405]);
/** Maximum number of attempts to get a usable answer. */
const maxUnusable = 4;
/** Maximum wait between attempts, seconds, unless the server asks for a longer wait. */
const longestWait = 30;
/** Approximate number of bytes of a request per token, to estimate its tokens. */
const bytesPerToken = 4;
/** Maximum length of an error message that is quoted, characters. */
const maxDetail = 300;

/** A failed attempt. */
interface FailedAttempt {
  readonly error: Error;
  /** Retry policy: `patiently` for `patienceSeconds`, `briefly` a few times, or not at all. */
  readonly retry: "patiently" | "briefly" | "never";
  /** Wait requested by the server, seconds. */
  readonly waitSeconds?: number | undefined;
}

/** A successful attempt. */
interface Success<T> {
  readonly value: T;
}

/** Request with its retries. */
interface Call<T> {
  readonly where: string;
  readonly request: HttpRequest;
  readonly options: RequestOptions;
  /** True for a sample request, see {@link HttpClient.sample}. */
  readonly isSampling: boolean;
  readonly read: (answer: JsonAnswer) => T;
}

/** Client for JSON over HTTP, with retries, deadlines and a limit on concurrent requests. */
export class HttpClient {
  readonly #base: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #apiKey: string | undefined;
  readonly #timeoutSeconds: number;
  readonly #patienceSeconds: number;
  readonly #maxResponseBytes: number;
  readonly #retrySeconds: number;
  readonly #agent: HttpAgent;
  readonly #pacer: RequestPacer;
  readonly #cache: ResponseCache | undefined;
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #numRetries = 0;
  /** True after the server has accepted a request. */
  #isAccepted = false;

  /**
   * @param where - Name of the calling function, for messages.
   * @param keyHeader - Header for the key, which is sent as it is or as a bearer token.
   */
  constructor(where: string, options: RemoteOptions, keyHeader: "authorization" | "x-api-key") {
    const { timeoutSeconds = 600, patienceSeconds = 300, retrySeconds = 0.5 } = options;
    const { maxConcurrent = 128, maxResponseBytes = 64 * 2 ** 20, apiKey } = options;
    checkPositive(where, { timeoutSeconds, retrySeconds });
    checkNonNegative(where, { patienceSeconds });
    checkInteger(where, { maxConcurrent, maxResponseBytes }, { min: 1 });
    this.#base = parseServerUrl(where, options.url);
    this.#apiKey = apiKey === "" ? undefined : apiKey;
    this.#headers =
      this.#apiKey === undefined
        ? {}
        : { [keyHeader]: keyHeader === "authorization" ? `Bearer ${this.#apiKey}` : this.#apiKey };
    this.#timeoutSeconds = timeoutSeconds;
    this.#patienceSeconds = patienceSeconds;
    this.#maxResponseBytes = maxResponseBytes;
    this.#retrySeconds = retrySeconds;
    this.#free = maxConcurrent;
    this.#pacer = new RequestPacer(where, options);
    this.#cache =
      options.cacheFolder === undefined
        ? undefined
        : new ResponseCache(options.cacheFolder, options.onDamagedCache);
    const agentOptions = { keepAlive: true, maxSockets: maxConcurrent };
    this.#agent =
      this.#base.protocol === "https:" ? new HttpsAgent(agentOptions) : new HttpAgent(agentOptions);
  }

  /**
   * Sends a request with a JSON body and returns the JSON answer. After a transient failure the
   * request is repeated, so it must be idempotent.
   * @throws {@link RemoteError} with method, URL, status and the server's message; {@link
   *   RemoteRefusal} if the server has refused all requests; the signal's reason if it aborts.
   */
  async send(
    method: "GET" | "POST",
    path: string,
    body?: unknown,
    options: RequestOptions = {},
  ): Promise<JsonAnswer> {
    return this.#send(method, path, body, { options, isSampling: false, read: (answer) => answer });
  }

  /**
   * Requests a response of a model. An error in the body of an answer counts as an error even if
   * the status is 200. If `read` throws, the request is repeated. If a cache folder is set, the
   * answer to an equal request with the same seed is taken from the cache.
   * @param seed - Seed of the response; part of the cache key even if the server supports no seed.
   * @param read - Extracts the required parts of the answer; throws `RemoteError` if they are
   *   missing.
   * @throws The errors of {@link send}; `SequenceLimitError` if the server rejects the length of
   *   the sequence.
   */
  async sample<T>(
    path: string,
    body: unknown,
    seed: string,
    read: (answer: JsonAnswer) => T,
    signal?: AbortSignal,
  ): Promise<T> {
    const call = { options: { signal }, isSampling: true };
    if (this.#cache === undefined) return this.#send("POST", path, body, { ...call, read });
    const request: CachedRequest = { url: this.#locate(path).href, body, seed };
    const kept = await this.#cache.find(request);
    if (kept !== undefined) {
      const where = `POST ${request.url}, cached`;
      const source = { where, url: request.url, status: 200, redact: this.#redact };
      return read(JsonAnswer.parse(source, kept));
    }
    let raw: unknown;
    const value = await this.#send("POST", path, body, {
      ...call,
      read: (answer) => {
        raw = answer.raw;
        return read(answer);
      },
    });
    await this.#cache.keep(request, JSON.stringify(raw));
    return value;
  }

  #locate(path: string): URL {
    return new URL(this.#base.pathname.replace(/\/$/u, "") + path, this.#base);
  }

  async #send<T>(
    method: "GET" | "POST",
    path: string,
    body: unknown,
    call: Pick<Call<T>, "options" | "isSampling" | "read">,
  ): Promise<T> {
    const url = this.#locate(path);
    const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
    const headers = {
      accept: "application/json",
      ...this.#headers,
      ...(payload && {
        "content-type": "application/json",
        "content-length": String(payload.length),
      }),
    };
    const { signal } = call.options;
    await this.#enter(signal);
    try {
      return await this.#persist({
        ...call,
        where: `${method} ${url.href}`,
        request: { method, url, headers, payload },
      });
    } finally {
      this.#leave();
    }
  }

  /** Retries a call until it succeeds or the retry policy ends. */
  async #persist<T>(call: Call<T>): Promise<T> {
    const { options } = call;
    let failedAt: number | undefined;
    let numUnusable = 0;
    for (let attempt = 1; ; attempt++) {
      options.signal?.throwIfAborted();
      const result = await this.#attempt(call);
      if ("value" in result) return result.value;
      const { error, retry, waitSeconds } = result;
      const now = performance.now();
      failedAt ??= now;
      if (retry === "briefly") numUnusable += 1;
      const leftSeconds = this.#patienceSeconds - (now - failedAt) / 1000;
      if (retry === "never" || numUnusable >= maxUnusable) throw error;
      if (leftSeconds <= 0) {
        error.message += ` in attempt ${attempt}, after ${this.#patienceSeconds} s of retries`;
        throw error;
      }
      if (waitSeconds !== undefined && waitSeconds > leftSeconds) {
        error.message += `; the server asks to wait ${waitSeconds} s, which exceeds patienceSeconds (${this.#patienceSeconds})`;
        throw error;
      }
      await this.#pause(attempt, waitSeconds, options.signal);
    }
  }

  async #attempt<T>(call: Call<T>): Promise<Success<T> | FailedAttempt> {
    const { where, request, options, isSampling, read } = call;
    const { signal, timeoutSeconds = this.#timeoutSeconds, accepted = [] } = options;
    const href = request.url.href;
    const estimatedTokens = isSampling ? (request.payload?.length ?? 0) / bytesPerToken : 0;
    if (isSampling) await this.#pacer.enter(estimatedTokens, signal);
    let answer;
    try {
      answer = await exchangeHttp(request, this.#agent, {
        timeoutSeconds,
        maxBytes: this.#maxResponseBytes,
        signal,
      });
    } catch (cause) {
      if (signal?.aborted === true) throw signal.reason;
      const said = this.#redact(describeError(cause));
      const isUnreadable = cause instanceof UnreadableAnswer;
      return {
        retry: isUnreadable ? "briefly" : "patiently",
        error: new RemoteError(
          isUnreadable ? "protocol" : "network",
          href,
          `${where}: no answer from the server: ${said}`,
          undefined,
          { cause },
        ),
      };
    }
    const { status, text, headers } = answer;
    const isFine = (status >= 200 && status < 300) || accepted.includes(status);
    const waitSeconds = retryAfterSeconds(headers, Date.now());
    if (!isFine)
      return this.#classifyRefusal(call, status, text, waitSeconds, "status must be 200");
    try {
      const source = { where, url: href, status, redact: this.#redact };
      const json = JsonAnswer.parse(source, text);
      const reported = isSampling ? findReportedError(json) : undefined;
      if (reported !== undefined) {
        const rule = "body must not be an error";
        return this.#classifyRefusal(call, reported.status, reported.text, waitSeconds, rule);
      }
      const value = read(json);
      const counted = isSampling ? json.field("usage").field("total_tokens").raw : undefined;
      if (typeof counted === "number") this.#pacer.settle(estimatedTokens, counted);
      this.#isAccepted = true;
      return { value };
    } catch (error) {
      if (!(error instanceof RemoteError)) throw error;
      return { retry: "briefly", error };
    }
  }

  /** Classifies an error by its status; an error without a status is an unusable answer. */
  #classifyRefusal<T>(
    { where, request, isSampling }: Call<T>,
    status: number | undefined,
    text: string,
    waitSeconds: number | undefined,
    rule: string,
  ): FailedAttempt {
    const { href } = request.url;
    const clean = this.#redact(text).replaceAll(/[\s\p{Cc}]+/gu, " ");
    const detail = clean.trim().slice(0, maxDetail);
    const message = `${where}: ${rule}, got ${[status, detail].filter(Boolean).join(": ")}`;
    if (isSampling && isLengthRefusal(status, text)) {
      return { retry: "never", error: new SequenceLimitError(message) };
    }
    const error = new RemoteError("protocol", href, message, status);
    if (status === undefined) return { retry: "briefly", error };
    if (refusals.has(status)) {
      return {
        retry: isSampling ? "briefly" : "never",
        error: this.#isAccepted ? error : new RemoteRefusal(href, message, status),
      };
    }
    const mayPass = passing.has(status) || (status >= 500 && !lasting.has(status));
    return { retry: mayPass ? "patiently" : "never", error, waitSeconds };
  }

  /** Number of repeated requests. */
  get numRetries(): number {
    return this.#numRetries;
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  /** Removes the key from a text, because a server may echo the request. */
  readonly #redact = (text: string): string =>
    this.#apiKey === undefined ? text : text.replaceAll(this.#apiKey, "[key]");

  async #pause(
    attempt: number,
    wantedSeconds: number | undefined,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    this.#numRetries += 1;
    // Vary the wait, so that requests that failed together are not retried together.
    const spread = 1 + (this.#numRetries % 8) / 16;
    const own = Math.min(longestWait, this.#retrySeconds * 2 ** (attempt - 1) * spread);
    // Wait a short time even if the server asks for none.
    const seconds = wantedSeconds === undefined ? own : Math.max(wantedSeconds, Math.min(own, 1));
    let timer: NodeJS.Timeout | undefined;
    let wake: () => void = () => undefined;
    const over = new Promise<void>((resolve) => {
      wake = resolve;
      timer = setTimeout(resolve, Math.min(seconds * 1000, 2 ** 31 - 1));
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
    // Wait for a slot. A finished request passes its slot on; for a cancelled request, `#leave`
    // does.
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

function describeError(error: unknown): string {
  // A connection that fails for several addresses has an empty message, so use the first cause.
  if (error instanceof AggregateError && error.message === "") {
    return error.errors.map(describeError).join(", ");
  }
  return error instanceof Error ? error.message : String(error);
}
