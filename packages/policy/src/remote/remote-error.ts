import { FailureError } from "@turnwise/core";

/**
 * A server did not give what it was asked for; says where, and what came instead. Its kind is
 * `network` if there was no whole answer, `protocol` if there was one that cannot be used.
 */
export class RemoteError extends FailureError {
  override readonly name = "RemoteError";
  readonly url: string;
  /** The HTTP status, where there was an answer. */
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
 * A server refuses all requests (401, 403, 404, 405) and has accepted none: the URL, the model or the
 * key is wrong. It has no kind of failure, since no episode can be played.
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
