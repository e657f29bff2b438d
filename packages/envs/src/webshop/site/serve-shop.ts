import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { listen, type ListeningServer } from "../../listen.ts";
import { errorPage, type ShopSite, type SiteResponse } from "./shop-site.ts";

/** A running server. */
export type ShopServer = Pick<ListeningServer, "address" | "close">;

/** Maximum size of a form, bytes. */
const maxFormBytes = 65_536;
/** Maximum size of URL and headers, bytes. Item pages have longer links. */
const maxHeaderSize = 65_536;

const headers = {
  "Content-Security-Policy":
    "default-src 'self'; img-src 'self' https: data:; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cache-Control": "no-store",
} as const;

/** Fields of a form; `undefined` if it is too large. */
async function readForm(message: IncomingMessage): Promise<Map<string, string> | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxFormBytes) return undefined;
    chunks.push(bytes);
  }
  return new Map(new URLSearchParams(Buffer.concat(chunks).toString("utf8")));
}

const tooLarge: SiteResponse = {
  status: 413,
  contentType: "text/html; charset=utf-8",
  body: errorPage({
    status: 413,
    message: `The form is too large: it must have at most ${maxFormBytes} bytes.`,
  }),
};

const forbidden = (message: string): SiteResponse => ({
  status: 403,
  contentType: "text/html; charset=utf-8",
  body: errorPage({ status: 403, message }),
});

/**
 * Returns the refusal of a request that a page of another site makes in the visitor's browser;
 * `undefined` for all other requests.
 * @param hosts - Accepted `Host` headers; `undefined` for all.
 */
function refuseForeign(
  { method, headers: { host = "", "sec-fetch-site": site, origin } }: IncomingMessage,
  hosts: ReadonlySet<string> | undefined,
): SiteResponse | undefined {
  if (hosts !== undefined && !hosts.has(host)) {
    return forbidden(`The host must be one of ${[...hosts].join(", ")}.`);
  }
  // Forms of the site itself send the origin `null`, because its pages send no referrer.
  const isForeign = origin !== undefined && origin !== "null" && origin !== `http://${host}`;
  return method === "POST" && (site === "cross-site" || isForeign)
    ? forbidden("The form must be sent from this site.")
    : undefined;
}

/** Answers an invalid request with an error page. */
function refuse(error: Error & { readonly code?: string }, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const isTooLong = error.code === "HPE_HEADER_OVERFLOW";
  const status = isTooLong ? 431 : 400;
  const message = isTooLong
    ? `The address and headers must have at most ${maxHeaderSize} bytes.`
    : "The request is not valid HTTP.";
  const body = errorPage({ status, message });
  const reason = isTooLong ? "Request Header Fields Too Large" : "Bad Request";
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: text/html; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/**
 * Serves a site over HTTP. On a loopback address, requests with another `Host` are refused; forms of
 * other sites are refused everywhere.
 * @throws The error of the system if the port is not available.
 */
export async function serveShop(
  site: ShopSite,
  {
    port,
    host = "127.0.0.1",
  }: {
    /** Port; 0 selects a free one. */
    readonly port: number;
    /** Address to listen on. Default: this machine only. */
    readonly host?: string;
  },
): Promise<ShopServer> {
  const server = createServer({ maxHeaderSize });
  const { address, hosts, close } = await listen(server, host, port);
  const answer = async (message: IncomingMessage): Promise<SiteResponse> => {
    const refused = refuseForeign(message, hosts);
    if (refused !== undefined) return refused;
    const method = message.method ?? "GET";
    const form = method === "POST" ? await readForm(message) : new Map<string, string>();
    return form === undefined ? tooLarge : site.handle({ method, url: message.url ?? "/", form });
  };
  const respond = async (message: IncomingMessage, reply: ServerResponse): Promise<void> => {
    try {
      const { status, contentType, location, body } = await answer(message);
      reply.writeHead(status, {
        ...headers,
        "Content-Type": contentType,
        "Content-Length": Buffer.byteLength(body),
        ...(location !== undefined && { Location: location }),
      });
      reply.end(message.method === "HEAD" ? undefined : body);
    } catch {
      // The connection broke while the form was read, or the site has a bug.
      if (!reply.headersSent) reply.writeHead(500, headers);
      reply.end();
    }
  };
  server.on("request", (message, reply) => void respond(message, reply));
  server.on("clientError", refuse);
  return { address, close };
}
