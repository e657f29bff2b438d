import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** Request as the server received it. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Answer of a test server; `"cut"` ends the connection without an answer. */
export type Reply =
  | "cut"
  | {
      readonly status?: number;
      /** Body; an object is sent as JSON, a string as it is. */
      readonly body: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      /** Closes the connection in the middle of the body. Default false. */
      readonly isCut?: boolean;
    };

/** Test server on the loopback address. */
export interface JsonServer {
  readonly url: string;
  readonly seen: readonly SeenRequest[];
  close(): Promise<void>;
}

/**
 * Starts a server that answers JSON. If `reply` throws, the test is wrong, and the server answers
 * with status 599.
 */
export async function jsonServer(
  reply: (request: SeenRequest) => Reply | Promise<Reply>,
): Promise<JsonServer> {
  const seen: SeenRequest[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const entry: SeenRequest = {
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: (text === "" ? {} : JSON.parse(text)) as SeenRequest["body"],
      };
      seen.push(entry);
      void (async () => {
        let answer: Reply;
        try {
          answer = await reply(entry);
        } catch (error) {
          answer = { status: 599, body: String(error) };
        }
        if (answer === "cut") {
          request.socket.destroy();
          return;
        }
        response.writeHead(answer.status ?? 200, answer.headers);
        const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
        if (answer.isCut === true) response.write(text, () => request.socket.destroy());
        else response.end(text);
      })();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
    },
  };
}
