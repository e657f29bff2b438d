import { FailureError } from "@turnwise/core";

/**
 * Failed request to a server, with the URL and what came instead of a valid answer. Its kind is
 * `network` without a complete answer, `protocol` for an unusable one.
 */
export class RemoteError extends FailureError {
  override readonly name = "RemoteError";
  readonly url: string;
  /** HTTP status; undefined without an answer. */
  readonly status: number | undefined;

  constructor(
    kind: "network" | "protocol",
    url: string,
    message: string,
    status?: number,
    options?: ErrorOptions,
  ) {
    super(kind, message, options);
    this.url = url;
    this.status = status;
  }
}

/**
 * The server refuses all requests (401, 403, 404, 405) and has accepted none: the URL, the model or
 * the key is wrong. It has no failure kind, since no episode can be played.
 */
export class RemoteRefusal extends Error {
  override readonly name = "RemoteRefusal";
  readonly url: string;
  readonly status: number;

  constructor(url: string, message: string, status: number) {
    super(message);
    this.url = url;
    this.status = status;
  }
}
