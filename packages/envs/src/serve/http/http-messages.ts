/** A request with its parsed body. */
export interface HttpRequest {
  readonly method: string;
  /** Path without the query; its segments are decoded when the path is matched. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Value of a header, by its lower-case name; `undefined` if absent or repeated. */
  readonly header: (name: string) => string | undefined;
  /** Parsed JSON body; `undefined` for an empty body. */
  readonly body: unknown;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

/**
 * Writes to a streaming response. Resolves when more can be written: with false if the client has
 * disconnected.
 */
export type WriteChunk = (text: string) => Promise<boolean>;

/** A reply: a JSON value, a text, or a stream of text. */
export type HttpReply = {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
} & (
  | { readonly json: unknown }
  | { readonly text: string; readonly contentType: string }
  | { readonly stream: (write: WriteChunk) => Promise<void>; readonly contentType: string }
);

/** A route of a protocol. */
export interface HttpRoute {
  readonly method: "GET" | "POST";
  /** Path with parameters: `/{environment}/tasks`. */
  readonly path: string;
  /** Answers a request. `parameters` are the values of the path's parameters. */
  readonly handle: (
    request: HttpRequest,
    parameters: Readonly<Record<string, string>>,
  ) => Promise<HttpReply> | HttpReply;
  /** Converts an error of {@link HttpRoute.handle} to a reply of the protocol. */
  readonly describeError: (error: unknown) => HttpReply;
}

/** Creates a reply with a JSON value. */
export function replyJson(json: unknown, status = 200): HttpReply {
  return { status, json };
}
