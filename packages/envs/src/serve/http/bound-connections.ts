import type { Server } from "node:http";
import type { Socket } from "node:net";

/**
 * Limits the connections of a server. At most half of them may be connections that have not sent a
 * request yet; beyond that, the oldest such connection is closed, so that silent clients cannot use up
 * all connections.
 */
export function boundConnections(server: Server, maxConnections: number): void {
  server.maxConnections = maxConnections;
  const maxSilent = Math.ceil(maxConnections / 2);
  /** Oldest first. */
  const silent = new Set<Socket>();
  server.on("connection", (socket) => {
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
    const [oldest] = silent;
    if (silent.size > maxSilent) oldest!.destroy();
  });
  server.on("request", ({ socket }) => silent.delete(socket));
  server.on("upgrade", ({ socket }) => silent.delete(socket));
}
