import { checkInteger, InputError } from "@turnwise/core";
import { isLoopback } from "../listen.ts";
import { createAgentGymRoutes } from "./agentgym/agentgym-routes.ts";
import { createBatchRoutes } from "./batch/batch-routes.ts";
import { systemClock } from "./clock.ts";
import { replyJson, type HttpRoute } from "./http/http-messages.ts";
import { openHttpServer } from "./http/http-server.ts";
import { serveSocket } from "./http/json-socket.ts";
import { createWebSocketServer } from "./http/load-websockets.ts";
import { openSessions, type SessionHostOptions } from "./open-sessions.ts";
import { OpenEnvSocket } from "./openenv/openenv-socket.ts";
import { createOpenEnvRoutes } from "./openenv/routes.ts";
import { createTaskRoutes } from "./openenv/task-routes.ts";
import { createOrsRoutes } from "./ors/ors-routes.ts";
import type { ServedEnvironment } from "./served-environment.ts";

/** Options of {@link serveEnvironments}. */
export interface ServeOptions extends SessionHostOptions {
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** TCP port; 0 selects a free port. Default 8000. */
  readonly port?: number;
  /**
   * Token that requests must contain. Required unless the server accepts only clients on this
   * machine.
   */
  readonly token?: string;
  /** Largest message or body, bytes. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Maximum number of connections. Default: four times the capacity, and at least 64. */
  readonly maxConnections?: number;
}

/** A running server of environments. */
export interface EnvironmentServer {
  /** URL: `http://127.0.0.1:8000` */
  readonly address: string;
  /** Numbers of open connections, sessions and episodes, for tests and reports. */
  count(): Promise<{
    readonly connections: number;
    readonly sessions: number;
    readonly episodes: number;
  }>;
  /**
   * Stops the server: it accepts no more connections, ends all sessions, releases their environments,
   * and closes all connections.
   */
  close(): Promise<void>;
}

/** Shortest token, characters. */
const minTokenLength = 16;

/**
 * Serves environments over HTTP and WebSockets, in the protocols of trainers in other languages. The
 * page on serving in the documentation lists routes and messages.
 *
 * @param environments - At least one; the first is the default of clients that name none.
 * @throws `InputError` for options that do not fit or tasks that do not open, the error of the system
 *   if the port is taken.
 */
export async function serveEnvironments(
  environments: readonly ServedEnvironment[],
  {
    host = "127.0.0.1",
    port = 8000,
    token,
    maxMessageBytes = 1 << 20,
    capacity = 256,
    maxConnections = Math.max(64, 4 * capacity),
    ...options
  }: ServeOptions = {},
): Promise<EnvironmentServer> {
  checkInteger("serve", { maxMessageBytes, capacity, maxConnections }, { min: 1 });
  if (token === undefined && !isLoopback(host)) {
    throw new InputError(
      `serve: --token must be given unless --host is this machine (127.0.0.1), got ${host}`,
    );
  }
  if (token !== undefined && token.length < minTokenLength) {
    throw new InputError(
      `serve: --token must have at least ${minTokenLength} characters, got ${token.length}`,
    );
  }
  const sockets = await createWebSocketServer(maxMessageBytes);
  const { sessions, metrics } = await openSessions(environments, { ...options, capacity });

  const routes: HttpRoute[] = [
    {
      method: "GET",
      path: "/metrics",
      describeError: (error) => replyJson({ detail: String(error) }, 500),
      handle: () => ({
        status: 200,
        contentType: "text/plain; version=0.0.4",
        text: metrics.write({
          sessions: sessions.numSessions,
          capacity,
          episodes: sessions.numEpisodes,
          residentBytes: process.memoryUsage.rss(),
        }),
      }),
    },
    ...createOpenEnvRoutes(sessions, () => routes),
    ...createBatchRoutes(sessions),
    ...createOrsRoutes(sessions, systemClock),
    ...createTaskRoutes(sessions),
    ...createAgentGymRoutes(sessions),
  ];
  const server = await openHttpServer({
    routes,
    host,
    port,
    ...(token !== undefined && { token }),
    maxBodyBytes: maxMessageBytes,
    maxConnections,
    upgrade: (message, socket, head) => {
      const [path = ""] = (message.url ?? "").split("?");
      const [, environmentName] = /^(?:\/([^/]+))?\/ws$/u.exec(path) ?? ["", null];
      if (environmentName === null) return false;
      let close = (): void => undefined;
      let client: OpenEnvSocket;
      try {
        client = new OpenEnvSocket(sessions, environmentName, () => close());
      } catch {
        return false;
      }
      sockets.handleUpgrade(message, socket, head, (webSocket) => {
        close = () => webSocket.close(1001, "the session has ended");
        serveSocket(webSocket, {
          clock: systemClock,
          open: () => client.open(),
          answer: (text) => client.answer(text),
          onClose: () => client.close(),
        });
      });
      return true;
    },
  }).catch(async (error: unknown) => {
    await sessions.shutdown();
    throw error;
  });

  return {
    address: server.address,
    count: async () => ({
      connections: await server.countConnections(),
      sessions: sessions.numSessions,
      episodes: sessions.numEpisodes,
    }),
    close: async () => {
      server.stop();
      await sessions.shutdown();
      for (const client of sockets.clients) client.terminate();
      await server.close();
    },
  };
}
