import { createServer, STATUS_CODES, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { listen } from "../../listen.ts";
import { systemClock, type Clock } from "../clock.ts";
import type { RateLimit } from "../rate-limit.ts";
import { checkAccess, type AccessRules } from "./access.ts";
import { boundConnections } from "./bound-connections.ts";
import type { HttpReply } from "./http-messages.ts";
import { matchRoute } from "./match-route.ts";
import { BodyError, readBody } from "./read-body.ts";
import type { ServeRoutesOptions } from "./serve-routes-options.ts";

/** Options of {@link openHttpServer}. */
export interface HttpServerOptions extends ServeRoutesOptions {
  /** Limit of the requests of each client. Default: none. */
  readonly rateLimit?: RateLimit;
  /** Default: the system's clock. */
  readonly clock?: Clock;
  /** Address to which requests for an unknown path are redirected; `undefined`: nowhere. */
  readonly redirect?: (path: string) => string | undefined;
  /** Accepts a connection that becomes a WebSocket; false for a path without a WebSocket. */
  readonly upgrade: (message: IncomingMessage, socket: Duplex, head: Buffer) => boolean;
}

/** A running HTTP server. */
export interface HttpServer {
  /** URL: `http://127.0.0.1:8000` */
  readonly address: string;
  /** Number of open connections. */
  countConnections(): Promise<number>;
  /** Stops accepting connections. */
  stop(): void;
  /** Closes all connections. */
  close(): Promise<void>;
}

/** Time for a client to read a reply, or a part of a stream, before it is disconnected, seconds. */
const readSeconds = 60;

const headers = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
} as const;

/**
 * Serves routes over HTTP.
 * @throws The error of the system if the port is not available.
 */
export async function openHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { routes, host, token, maxBodyBytes, rateLimit, clock = systemClock } = options;
  const server = createServer({ maxHeaderSize: 16_384 });
  boundConnections(server, options.maxConnections);
  server.headersTimeout = 20_000;
  server.requestTimeout = 60_000;
  const { address, hosts, close } = await listen(server, host, options.port);
  const rules: AccessRules = token === undefined ? { ...(hosts && { hosts }) } : { token };

  const answer = async (message: IncomingMessage, reply: ServerResponse): Promise<HttpReply> => {
    const refusal = checkAccess(rules, message.headers);
    if (refusal) return { status: refusal.status, json: { detail: refusal.message } };
    const wait = rateLimit?.take(readClient(message)) ?? 0;
    if (wait > 0) return replyTooMany(wait);
    const { method = "GET", url = "/" } = message;
    const [path = "/", query = ""] = url.split("?", 2);
    const match = matchRoute(routes, method === "HEAD" ? "GET" : method, path);
    if ("allowed" in match) {
      if (match.allowed.length === 0) return replyNotFound(options.redirect?.(path), query);
      return {
        status: 405,
        headers: { Allow: match.allowed.join(", ") },
        json: { detail: "Method Not Allowed" },
      };
    }
    const controller = new AbortController();
    reply.once("close", () => {
      if (!reply.writableFinished) controller.abort(new Error("the client disconnected"));
    });
    const { route, parameters } = match;
    try {
      const body = method === "POST" ? await readBody(message, maxBodyBytes) : undefined;
      const header = (name: string): string | undefined => {
        const value = message.headers[name];
        return typeof value === "string" ? value : undefined;
      };
      const request = { method, path, query: new URLSearchParams(query), header, body };
      return await route.handle({ ...request, signal: controller.signal }, parameters);
    } catch (error) {
      if (!(error instanceof BodyError)) return route.describeError(error);
      // Ignore the rest of the body.
      const rest = error.status === 413 ? { headers: { Connection: "close" } } : {};
      return { status: error.status, json: { detail: error.message }, ...rest };
    }
  };

  server.on("request", (message, reply) => {
    answer(message, reply)
      .then((result) => send(message, reply, result, clock))
      .catch(() => reply.destroy());
  });
  server.on("clientError", (error: Error & { readonly code?: string }, socket) =>
    refuse(socket, error.code === "HPE_HEADER_OVERFLOW" ? 431 : 400),
  );
  server.on("upgrade", (message, socket, head) => {
    socket.on("error", () => socket.destroy());
    const refusal = checkAccess(rules, message.headers);
    const wait = rateLimit?.take(readClient(message)) ?? 0;
    if (refusal) refuse(socket, refusal.status);
    else if (wait > 0) refuse(socket, 429, `Retry-After: ${Math.ceil(wait)}\r\n`);
    else if (!options.upgrade(message, socket, head)) refuse(socket, 404);
  });
  return {
    address,
    countConnections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
    stop: () => server.close(),
    close,
  };
}

async function send(
  message: IncomingMessage,
  reply: ServerResponse,
  result: HttpReply,
  clock: Clock,
): Promise<void> {
  const all = { ...headers, ...result.headers };
  if ("stream" in result) {
    reply.writeHead(result.status, { ...all, "Content-Type": result.contentType });
    reply.flushHeaders();
    await result.stream(async (text) => {
      if (!reply.destroyed && !reply.write(text)) await waitFor(reply, "drain", clock);
      return !reply.destroyed;
    });
    reply.end();
    return;
  }
  const text = "json" in result ? JSON.stringify(result.json) : result.text;
  const contentType = "json" in result ? "application/json" : result.contentType;
  const length = Buffer.byteLength(text);
  reply.writeHead(result.status, {
    ...all,
    "Content-Type": contentType,
    "Content-Length": length,
  });
  reply.end(message.method === "HEAD" ? undefined : text);
  if (!reply.writableFinished) await waitFor(reply, "finish", clock);
}

/** Waits until the client has read the reply so far; disconnects a client that does not read. */
async function waitFor(
  reply: ServerResponse,
  event: "drain" | "finish",
  clock: Clock,
): Promise<void> {
  await new Promise<void>((resolve) => {
    const cancel = clock.after(readSeconds, () => reply.destroy());
    const end = (): void => {
      cancel();
      reply.off(event, end).off("close", end);
      resolve();
    };
    reply.on(event, end).on("close", end);
  });
}

/** Name of a client for the rate limit: its address. */
export function readClient({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? "";
}

function replyTooMany(seconds: number): HttpReply {
  const retry = Math.ceil(seconds);
  return {
    status: 429,
    headers: { "Retry-After": String(retry) },
    json: { detail: `too many requests; try again after ${retry} s` },
  };
}

function replyNotFound(target: string | undefined, query: string): HttpReply {
  if (target === undefined) return { status: 404, json: { detail: "Not Found" } };
  const headers = { Location: query === "" ? target : `${target}?${query}` };
  return { status: 308, headers, json: { detail: "Permanent Redirect" } };
}

/** Rejects a connection. */
function refuse(socket: Duplex, status: number, more = ""): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${more}Content-Length: 0\r\nConnection: close\r\n\r\n`,
  );
}
