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

  constructor(url: string, message: string, status?: number, options?: ErrorOptions) {
    super(status === undefined ? "network" : "protocol", message, options);
    this.url = url;
    this.status = status;
  }
}
