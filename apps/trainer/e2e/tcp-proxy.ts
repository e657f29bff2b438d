import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";

/** TCP proxy in front of a socket, which tests can stop and start again. */
export interface TcpProxy {
  readonly port: number;
  /** Number of connections accepted so far. */
  readonly numConnections: number;
  /** Closes the listener and all connections. */
  stop(): Promise<void>;
  /** Listens again, on the same port. */
  start(): Promise<void>;
}

/** Starts a proxy in front of a Unix socket. */
export async function startTcpProxy(
  socketPath: string,
  onConnection?: (numConnections: number) => void,
): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let server: Server | undefined;
  let port = 0;
  let numConnections = 0;
  const start = async (): Promise<void> => {
    const listener = createServer({ allowHalfOpen: true }, (client) => {
      numConnections += 1;
      const engine = connect({ path: socketPath, allowHalfOpen: true });
      for (const [from, to] of [
        [client, engine],
        [engine, client],
      ] as const) {
        sockets.add(from);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
      onConnection?.(numConnections);
    });
    await new Promise<void>((resolve, reject) => {
      listener.on("error", reject);
      listener.listen(port, "127.0.0.1", resolve);
    });
    port = (listener.address() as AddressInfo).port;
    server = listener;
  };
  await start();
  return {
    get port() {
      return port;
    },
    get numConnections() {
      return numConnections;
    },
    stop: async () => {
      const listener = server;
      server = undefined;
      if (listener === undefined) return;
      const closed = new Promise((resolve) => {
        listener.close(resolve);
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    start,
  };
}
