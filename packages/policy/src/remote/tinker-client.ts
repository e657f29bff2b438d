import { HttpClient, type RemoteOptions } from "./http-client.ts";
import type { JsonAnswer } from "./json-answer.ts";
import { RemoteError } from "./remote-error.ts";

/** Options of a client of a Tinker server. */
export interface TinkerClientOptions extends RemoteOptions {
  /** Maximum duration of an operation from request to result, seconds. Default 3600. */
  readonly operationSeconds?: number;
}

/** Interval between heartbeats, seconds; servers delete the data of sessions without heartbeats. */
const heartbeatSeconds = 10;
/** First and maximum interval between polls for a result, seconds. */
const [firstPollSeconds, longestPollSeconds] = [0.01, 1];
/**
 * Timeout of one poll, seconds: the maximum time for which servers hold a poll open, plus a margin.
 */
const lookSeconds = 330;

/**
 * Client for the sessions and futures of the Tinker protocol: the server answers an operation with
 * a request id, by which the client fetches the result.
 */
export class TinkerClient {
  readonly #http: HttpClient;
  readonly #operationSeconds: number;
  #sessionId: string | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  /** Aborts the current heartbeat. */
  #beat = new AbortController();
  #lastSamplingSession = 0;

  constructor(where: string, options: TinkerClientOptions) {
    this.#http = new HttpClient(where, options, "x-api-key");
    this.#operationSeconds = options.operationSeconds ?? 3600;
  }

  /** Waits for the server and starts a session, which lasts until {@link close}. */
  async open(): Promise<void> {
    await this.#http.send("GET", "/api/v1/healthz");
    const answer = await this.#http.send("POST", "/api/v1/create_session", {
      tags: ["turnwise"],
      user_metadata: null,
      sdk_version: "turnwise-0.1",
      type: "create_session",
    });
    const sessionId = answer.field("session_id").text();
    this.#sessionId = sessionId;
    this.#heartbeat = setInterval(() => {
      // Do not retry a lost heartbeat longer than until the next one.
      this.#beat.abort();
      this.#beat = new AbortController();
      void this.#http
        .send(
          "POST",
          "/api/v1/session_heartbeat",
          { session_id: sessionId, type: "session_heartbeat" },
          { signal: this.#beat.signal },
        )
        .catch(() => undefined);
    }, heartbeatSeconds * 1000);
    this.#heartbeat.unref();
  }

  get sessionId(): string {
    if (this.#sessionId === undefined)
      throw new Error("TinkerClient: open() must be called before operations");
    return this.#sessionId;
  }

  /** Sends a request that is answered immediately. */
  async ask(path: string, body: unknown, signal?: AbortSignal): Promise<JsonAnswer> {
    return this.#http.send("POST", `/api/v1${path}`, body, { signal });
  }

  /** Requests the server's capabilities; needs no session. */
  async about(): Promise<JsonAnswer> {
    return this.#http.send("GET", "/api/v1/get_server_capabilities");
  }

  /**
   * Runs an operation and returns its result.
   * @throws {@link RemoteError} with the server's error, or if the operation takes too long.
   */
  async operate(path: string, body: unknown, signal?: AbortSignal): Promise<JsonAnswer> {
    const accepted = await this.ask(path, body, signal);
    return this.result(path, accepted.field("request_id"), signal);
  }

  /** Waits for the result of an accepted operation. */
  async result(path: string, id: JsonAnswer, signal?: AbortSignal): Promise<JsonAnswer> {
    // The id is a numeric string or a UUID, depending on the server.
    const requestId = typeof id.raw === "number" ? String(id.raw) : id.text();
    const begun = performance.now();
    for (let pollSeconds = firstPollSeconds; ; pollSeconds *= 2) {
      const looked = performance.now();
      const answer = await this.#http.send(
        "POST",
        "/api/v1/retrieve_future",
        { request_id: requestId },
        // Status 408 means that the result is not ready: no failure, and no reason to back off.
        { signal, timeoutSeconds: lookSeconds, accepted: [408] },
      );
      const isPending = answer.status === 408 || answer.field("type").raw === "try_again";
      if (!isPending) {
        const error = answer.field("error");
        if (!error.isAbsent) {
          throw error.ruleError(`be absent from the result of ${path}`);
        }
        return answer;
      }
      const now = performance.now();
      // A server may report "not ready" even for ids that it never issued, so stop polling after
      // the maximum duration.
      if (now - begun > this.#operationSeconds * 1000) {
        throw new RemoteError(
          "network",
          path,
          `${path}: no result within ${this.#operationSeconds} s for request ${requestId}`,
        );
      }
      // If the server held the poll open, the wait is already over.
      const rest = Math.min(pollSeconds, longestPollSeconds) * 1000 - (now - looked);
      if (rest > 0) {
        await new Promise((resolve) => {
          setTimeout(resolve, rest);
        });
      }
    }
  }

  /** Returns the number of the next sampling session, from 1. */
  nextSamplingSession(): number {
    this.#lastSamplingSession += 1;
    return this.#lastSamplingSession;
  }

  /** Stops heartbeats and closes connections. */
  close(): void {
    clearInterval(this.#heartbeat);
    this.#beat.abort();
    this.#http.close();
  }
}
