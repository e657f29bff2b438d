import {
  request as requestHttp,
  type Agent as HttpAgent,
  type ClientRequest,
  type IncomingHttpHeaders,
} from "node:http";
import { request as requestHttps } from "node:https";

/** Request ready to be sent. */
export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: Buffer | undefined;
}

/** Limits of one exchange. */
export interface ExchangeLimits {
  /** Maximum time from the request to the end of the answer, seconds. */
  readonly timeoutSeconds: number;
  /** Maximum size of the answer's body, bytes. */
  readonly maxBytes: number;
  readonly signal: AbortSignal | undefined;
}

/** Complete answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Thrown for an answer that cannot be read: it is too long, or not HTTP. */
export class UnreadableAnswer extends Error {
  override readonly name = "UnreadableAnswer";
}

/**
 * Sends a request once and reads its answer.
 * @throws `UnreadableAnswer`, or a connection error.
 */
export async function exchangeHttp(
  { method, url, headers, payload }: HttpRequest,
  agent: HttpAgent,
  { timeoutSeconds, maxBytes, signal }: ExchangeLimits,
): Promise<HttpAnswer> {
  const send = url.protocol === "https:" ? requestHttps : requestHttp;
  let request: ClientRequest | undefined;
  let timer: NodeJS.Timeout | undefined;
  const onAbort = (): void => void request?.destroy(new Error("aborted"));
  try {
    return await new Promise<HttpAnswer>((resolve, reject) => {
      // Keep the first reason; closing the connection causes further errors.
      const stop = (reason: Error): void => {
        reject(reason);
        request?.destroy();
      };
      request = send(url, { method, agent, headers }, (response) => {
        const tooLong = (): void =>
          stop(new UnreadableAnswer(`an answer of more than ${maxBytes} bytes`));
        if (Number(response.headers["content-length"]) > maxBytes) {
          tooLong();
          return;
        }
        const chunks: Buffer[] = [];
        let numBytes = 0;
        response.on("data", (chunk: Buffer) => {
          numBytes += chunk.length;
          if (numBytes > maxBytes) tooLong();
          else chunks.push(chunk);
        });
        response.on("error", (cause) => reject(cause));
        response.on("aborted", () =>
          reject(new Error("the connection was closed before the end of the answer")),
        );
        response.on("end", () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            // TextDecoder removes a byte order mark, which JSON does not allow.
            text: new TextDecoder().decode(Buffer.concat(chunks)),
          }),
        );
      });
      request.on("error", (cause: NodeJS.ErrnoException) =>
        reject(
          cause.code?.startsWith("HPE_") === true
            ? new UnreadableAnswer(`an answer that is not HTTP (${cause.message})`, { cause })
            : cause,
        ),
      );
      timer = setTimeout(
        () => stop(new Error(`no answer within ${timeoutSeconds} s`)),
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
