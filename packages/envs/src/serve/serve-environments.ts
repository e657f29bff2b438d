import { checkInteger, checkPositive, InputError } from "@turnwise/core";
import { readMessage } from "../call-within.ts";
import { systemClock } from "./clock.ts";
import { hostEnvironments } from "./host-environments.ts";
import { replyJson, type HttpRoute } from "./http/http-messages.ts";
import { isLoopback, openHttpServer } from "./http/http-server.ts";
import { serveSocket } from "./http/json-socket.ts";
import { createWebSocketServer } from "./http/load-websockets.ts";
import { Metrics } from "./metrics.ts";
import { OpenEnvSocket } from "./openenv/openenv-socket.ts";
import { createOpenEnvRoutes } from "./openenv/routes.ts";
import { createTaskRoutes } from "./openenv/task-routes.ts";
import type { ServedEnvironment } from "./served-environment.ts";
import { SessionManager } from "./session-manager.ts";
import type { SessionEvent, SessionLimits } from "./session-records.ts";

/** Something that happened on a server: plain data, for a log. */
export type ServerEvent =
  | SessionEvent
  | {
      /** Its tasks do not open; they are opened again when a client asks for them. */
      readonly event: "environment unavailable";
      readonly environment: string;
      readonly message: string;
    }
  | {
      readonly event: "thread ended";
      readonly environment: string;
      readonly message: string;
      readonly numLost: number;
    };

/** Options of {@link serveEnvironments}. */
export interface ServeOptions extends SessionLimits {
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** TCP port; 0 takes a free one. Default 8000. */
  readonly port?: number;
  /** Secret that requests must carry. Required unless only this machine is served. */
  readonly token?: string;
  /** Number of threads of each environment, `>= 1`. Default 2. */
  readonly numThreads?: number;
  /** Memory limit of the heap of a thread, MiB. Default: Node's own. */
  readonly memoryMegabytes?: number;
  /** Largest message or body, bytes. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Largest number of connections. Default: four times the capacity, and at least 64. */
  readonly maxConnections?: number;
  /** Called with all that happens to sessions. Default: nothing. */
  readonly onEvent?: (event: ServerEvent) => void;
}

/** A running server of environments. */
export interface EnvironmentServer {
  /** `http://127.0.0.1:8000` */
  readonly address: string;
  /** Numbers of what is open, for tests and reports. */
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

/**
 * Opens the tasks of all environments, so that the first client need not wait.
 * @throws `InputError` if none can be opened.
 */
async function openTasks(
  sessions: SessionManager,
  onEvent: (event: ServerEvent) => void,
): Promise<void> {
  const names = sessions.environments.map(({ name }) => name);
  const opened = await Promise.allSettled(names.map((name) => sessions.listSplits(name)));
  const faults = opened.flatMap((result, i) =>
    result.status === "rejected"
      ? [{ environment: names[i]!, message: readMessage(result.reason) }]
      : [],
  );
  if (faults.length === names.length) {
    throw new InputError(faults.map(({ message }) => message).join("; "));
  }
  for (const fault of faults) onEvent({ event: "environment unavailable", ...fault });
}

/** Shortest token, characters. */
const minTokenLength = 16;

/**
 * Serves environments over HTTP and WebSockets, in the protocols of trainers in other languages. The
 * page on serving in the documentation lists routes and messages.
 *
 * @param environments - At least one; the first is the default of clients that name none.
 * @throws `InputError` for options that do not fit or tasks that do not open, the error of the system if the port is taken.
 */
export async function serveEnvironments(
  environments: readonly ServedEnvironment[],
  {
    host = "127.0.0.1",
    port = 8000,
    token,
    numThreads = 2,
    memoryMegabytes,
    maxMessageBytes = 1 << 20,
    capacity = 256,
    maxConnections = Math.max(64, 4 * capacity),
    onEvent = () => undefined,
    ...limits
  }: ServeOptions = {},
): Promise<EnvironmentServer> {
  checkInteger("serve", { numThreads, maxMessageBytes, capacity, maxConnections }, { min: 1 });
  checkPositive("serve", { ...limits });
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
  const clock = systemClock;
  const metrics = new Metrics();
  const hosted = hostEnvironments(environments, {
    numThreads,
    clock,
    ...(memoryMegabytes !== undefined && { memoryMegabytes }),
    onThreadEnd: (environment, message, numLost) =>
      onEvent({ event: "thread ended", environment, message, numLost }),
  });
  const sessions = new SessionManager(hosted, {
    limits: { ...limits, capacity },
    clock,
    onEvent: (event) => {
      metrics.count(event);
      onEvent(event);
    },
  });
  const sockets = await createWebSocketServer(maxMessageBytes);
  try {
    await openTasks(sessions, onEvent);
  } catch (error) {
    await sessions.shutdown();
    throw error;
  }

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
    ...createTaskRoutes(sessions),
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
          clock,
          open: () => client.open(),
          answer: (text) => client.answer(text),
          onClose: () => client.close(),
        });
      });
      return true;
    },
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
