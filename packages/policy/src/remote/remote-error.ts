/** A server did not give what it was asked for; says where, and what came instead. */
export class RemoteError extends Error {
  override readonly name = "RemoteError";
  readonly url: string;
  /** The HTTP status, where there was an answer. */
  readonly status: number | undefined;

  constructor(url: string, message: string, status?: number, options?: ErrorOptions) {
    super(message, options);
    this.url = url;
    this.status = status;
  }
}
