import { FailureError } from "@turnwise/core";

/**
 * Failed request to a server; the message has the URL and what was received. The failure kind is
 * `network` if there was no complete answer, `protocol` if the answer was unusable.
 */
export class RemoteError extends FailureError {
  override readonly name = "RemoteError";
  readonly url: string;
  /** HTTP status; `undefined` if there was no answer. */
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
 * Thrown if the server refuses all requests (401, 403, 404, 405) and has never accepted one: the
 * URL, the model or the key is wrong. It has no failure kind, because no episode can be played.
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
