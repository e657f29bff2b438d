import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { pipeline } from "node:stream/promises";
import { listen, type ListeningServer } from "@turnwise/envs";
import { packedIndexesPath, type RunList } from "@turnwise/training/reader";
import type { FoundRun } from "./find-runs.ts";
import { findRunFile, type PageFiles } from "./page-files.ts";
import { packIndexes } from "./pack-indexes.ts";
import { parseRange } from "./parse-range.ts";

/** A running server; its address ends with `/`. */
export type ViewServer = Pick<ListeningServer, "address" | "close">;

/**
 * Content security policy: the page loads only its own script and style, and reads only from its
 * own server.
 */
const headers = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-cache",
} as const;

/** Options of {@link serveRuns}. */
export interface ServeOptions {
  readonly page: PageFiles;
  readonly runs: readonly FoundRun[];
  /** TCP port; 0 selects a free port. */
  readonly port: number;
}

/**
 * Serves the page and the records of runs, read-only, on this machine only. Rejects requests with
 * another `Host`, so that a public DNS name that resolves to this machine gives no access.
 * @throws The system's error if the port is taken.
 */
export async function serveRuns({ page, runs, port }: ServeOptions): Promise<ViewServer> {
  const list: RunList = { isLive: true, runs: runs.map(({ id, name }) => ({ id, name })) };
  const texts = new Map([
    ["/", { type: "text/html; charset=utf-8", text: page.html }],
    ["/viewer.js", { type: "text/javascript; charset=utf-8", text: page.script }],
    ["/viewer.css", { type: "text/css; charset=utf-8", text: page.style }],
    ["/THIRD-PARTY.txt", { type: "text/plain; charset=utf-8", text: page.licences }],
    ["/runs.json", { type: "application/json", text: JSON.stringify(list) }],
  ]);
  const folders = new Map(runs.map(({ id, path }) => [id, path]));
  const server = createServer();
  const { address, hosts, close } = await listen(server, "127.0.0.1", port);

  const answer = async (request: IncomingMessage, reply: ServerResponse): Promise<void> => {
    if (hosts?.has(request.headers.host ?? "") !== true) {
      return refuse(reply, 403, "Host header not allowed");
    }
    if (request.method !== "GET" && request.method !== "HEAD") {
      reply.setHeader("Allow", "GET, HEAD");
      return refuse(reply, 405, "only GET and HEAD are allowed");
    }
    const [path = "/"] = (request.url ?? "/").split("?");
    const known = texts.get(path);
    if (known !== undefined) return sendText(request, reply, known);
    const [, id, file] = /^\/runs\/([^/]+)\/(.+)$/u.exec(decode(path)) ?? [];
    const folder = folders.get(id ?? "");
    if (folder !== undefined && file === packedIndexesPath) {
      reply.writeHead(200, { "Content-Type": "application/octet-stream" });
      if (request.method === "HEAD") return void reply.end();
      return pipeline(() => packIndexes(folder), reply);
    }
    const real = folder === undefined ? undefined : await findRunFile(folder, file!);
    if (real === undefined) return refuse(reply, 404, "no such file");
    return sendFile(request, reply, real);
  };
  server.on("request", (request, reply) => {
    for (const [name, value] of Object.entries(headers)) reply.setHeader(name, value);
    answer(request, reply).catch(() => {
      // The connection broke, or reading the file failed.
      if (!reply.headersSent) reply.writeHead(500);
      reply.destroy();
    });
  });
  return { address: `${address}/`, close };
}

/** Decodes the path of a URL; an invalid URL gives an empty path. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return "";
  }
}

function refuse(reply: ServerResponse, status: number, reason: string): void {
  reply.writeHead(status, { "Content-Type": "text/plain; charset=utf-8" });
  reply.end(`${reason}\n`);
}

function sendText(
  request: IncomingMessage,
  reply: ServerResponse,
  { type, text }: { readonly type: string; readonly text: string },
): void {
  reply.writeHead(200, { "Content-Type": type, "Content-Length": Buffer.byteLength(text) });
  reply.end(request.method === "HEAD" ? undefined : text);
}

async function sendFile(
  request: IncomingMessage,
  reply: ServerResponse,
  path: string,
): Promise<void> {
  const { size, mtimeMs } = await stat(path);
  // Entity tag of a file to which a run appends; changes with the file's size.
  const tag = `"${size.toString(36)}-${Math.round(mtimeMs).toString(36)}"`;
  reply.setHeader("ETag", tag);
  reply.setHeader("Accept-Ranges", "bytes");
  reply.setHeader(
    "Content-Type",
    path.endsWith(".json") ? "application/json" : "application/octet-stream",
  );
  if (request.headers["if-none-match"] === tag) {
    reply.writeHead(304).end();
    return;
  }
  const range = parseRange(request.headers.range, size);
  if (range === "outside") {
    reply.setHeader("Content-Range", `bytes */${size}`);
    reply.writeHead(416).end();
    return;
  }
  const { start, end } = range ?? { start: 0, end: size };
  if (range !== undefined) reply.setHeader("Content-Range", `bytes ${start}-${end - 1}/${size}`);
  reply.writeHead(range === undefined ? 200 : 206, { "Content-Length": end - start });
  if (request.method === "HEAD" || start === end) reply.end();
  // `end` is inclusive here, so that bytes appended in the meantime are not sent.
  else await pipeline(createReadStream(path, { start, end: end - 1 }), reply);
}
