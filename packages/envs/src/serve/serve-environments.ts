import { checkInteger, checkPositive } from "@turnwise/core";
import { createAgentGymRoutes } from "./agentgym/agentgym-routes.ts";
import { createBatchRoutes } from "./batch/batch-routes.ts";
import { systemClock } from "./clock.ts";
import { checkToken } from "./http/check-token.ts";
import { replyJson, type HttpRoute } from "./http/http-messages.ts";
import { openHttpServer, type HttpServer } from "./http/http-server.ts";
import { createWebSocketServer } from "./http/load-websockets.ts";
import { openSessions, type SessionHostOptions } from "./open-sessions.ts";
import { acceptSockets } from "./openenv/accept-socket.ts";
import { createOpenEnvRoutes } from "./openenv/routes.ts";
import { createTaskRoutes } from "./openenv/task-routes.ts";
import { createGymRoutes } from "./nemo-gym/gym-routes.ts";
import { createOrsRoutes } from "./ors/ors-routes.ts";
import { createRedirect } from "./ors/redirect.ts";
import { RateLimit } from "./rate-limit.ts";
import type { ServedEnvironment } from "./served-environment.ts";

/** Options of {@link serveEnvironments}. */
export interface ServeOptions extends SessionHostOptions {
  /** Address to listen on. Default `127.0.0.1`: this machine only. */
  readonly host?: string;
  /** TCP port; 0 selects a free port. Default 8000. */
  readonly port?: number;
  /**
   * TCP port of a second server with the routes of NeMo-Gym, whose names collide with those of OpenEnv; 0
   * selects a free port. Default: no such server.
   */
  readonly nemoGymPort?: number;
  /**
   * Token that requests must contain. Required unless the server accepts only clients on this
   * machine.
   */
  readonly token?: string;
  /** Largest message or body, bytes. Default 1 MiB. */
  readonly maxMessageBytes?: number;
  /** Maximum number of connections. Default: four times the capacity, and at least 64. */
  readonly maxConnections?: number;
  /**
   * Maximum number of requests and messages per second from one client address, `> 0`; this is also the
   * maximum size of a burst. Further requests are refused with status 429; further messages of a WebSocket
   * wait. Default: no limit.
   */
  readonly rate?: number;
}

/** A running server of environments. */
export interface EnvironmentServer {
  /** URL: `http://127.0.0.1:8000` */
  readonly address: string;
  /** URL of the server for NeMo-Gym, if there is one. */
  readonly nemoGymAddress?: string;
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

/**
 * Largest body for NeMo-Gym, as a multiple of the largest message: its bodies contain the trajectory so
 * far.
 */
const trajectoryFactor = 64;

/**
 * Serves environments over HTTP and WebSockets, in the protocols of trainers in other languages. The
 * page on serving in the documentation lists routes and messages.
 *
 * @param environments - At least one; the first is the default of clients that name none.
 * @throws `InputError` for invalid options or tasks that cannot be opened; the error of the system if
 *   the port is in use.
 */
export async function serveEnvironments(
  environments: readonly ServedEnvironment[],
  {
    host = "127.0.0.1",
    port = 8000,
    nemoGymPort,
    token,
    maxMessageBytes = 1 << 20,
    capacity = 256,
    maxConnections = Math.max(64, 4 * capacity),
    rate,
    ...options
  }: ServeOptions = {},
): Promise<EnvironmentServer> {
  checkInteger("serve", { maxMessageBytes, capacity, maxConnections }, { min: 1 });
  checkToken(host, token);
  if (rate !== undefined) checkPositive("serve", { rate });
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
  const rateLimit = rate === undefined ? undefined : new RateLimit(rate, systemClock);
  const common = {
    host,
    ...(rateLimit && { rateLimit }),
    ...(token !== undefined && { token }),
    maxConnections,
  };
  const servers: HttpServer[] = [];
  const close = async (): Promise<void> => {
    for (const server of servers) server.stop();
    await sessions.shutdown();
    for (const client of sockets.clients) client.terminate();
    await Promise.all(servers.map((server) => server.close()));
  };
  try {
    const main = await openHttpServer({
      ...common,
      routes,
      port,
      maxBodyBytes: maxMessageBytes,
      redirect: createRedirect(sessions, routes),
      upgrade: acceptSockets(sessions, sockets, rateLimit),
    });
    servers.push(main);
    if (nemoGymPort !== undefined) {
      const gym = await openHttpServer({
        ...common,
        routes: createGymRoutes(sessions, systemClock),
        port: nemoGymPort,
        maxBodyBytes: trajectoryFactor * maxMessageBytes,
        upgrade: () => false,
      });
      servers.push(gym);
    }
  } catch (error) {
    await close();
    throw error;
  }
  const [main, gym] = servers;
  return {
    address: main!.address,
    ...(gym !== undefined && { nemoGymAddress: gym.address }),
    count: async () => {
      const connections = await Promise.all(servers.map((server) => server.countConnections()));
      return {
        connections: connections.reduce((sum, count) => sum + count, 0),
        sessions: sessions.numSessions,
        episodes: sessions.numEpisodes,
      };
    },
    close,
  };
}
