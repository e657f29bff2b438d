/** A request, with its body parsed. */
export interface HttpRequest {
  readonly method: string;
  /** Path without the query, decoded segment by segment when it is matched. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Value of a header by its name in lower case; `undefined` if absent or repeated. */
  readonly header: (name: string) => string | undefined;
  /** Parsed JSON; `undefined` for an empty body. */
  readonly body: unknown;
  /** Aborts when the client disconnects. */
  readonly signal: AbortSignal;
}

/** Writes to a response that stays open; false if the client does not read. */
export type WriteChunk = (text: string) => boolean;

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
  /** Answers a request. `parameters` are the values of the path's. */
  readonly handle: (
    request: HttpRequest,
    parameters: Readonly<Record<string, string>>,
  ) => Promise<HttpReply> | HttpReply;
  /** Reply to an error of {@link HttpRoute.handle}, in the protocol's own form. */
  readonly describeError: (error: unknown) => HttpReply;
}

/** A reply that is a JSON value. */
export function replyJson(json: unknown, status = 200): HttpReply {
  return { status, json };
}
