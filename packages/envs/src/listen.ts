/**
 * Methods of Node's `http.Server` that {@link listen} calls. Declared here, because the types of the
 * package must compile without those of Node.
 */
interface ServerMethods {
  once(event: "error", handle: (error: Error) => void): unknown;
  off(event: "error", handle: (error: Error) => void): unknown;
  listen(
    options: { readonly port: number; readonly host: string; readonly backlog: number },
    done: () => void,
  ): unknown;
  address(): string | { readonly port: number } | null;
  close(done: () => void): unknown;
  closeAllConnections(): void;
}

/** A server that listens. */
export interface ListeningServer {
  /** TCP port. */
  readonly port: number;
  /** URL without a path: `http://127.0.0.1:8000`. */
  readonly address: string;
  /**
   * Values of the `Host` header that the server should accept. Present only if the server listens on
   * a loopback address: a public DNS name can resolve to such an address, and a web page under this
   * name could then read from the server. Absent: all values.
   */
  readonly hosts?: ReadonlySet<string>;
  /** Closes the server and all its connections. No effect if it is closed. */
  readonly close: () => Promise<void>;
}

/** Names of the loopback addresses that clients usually write. */
const loopbackNames = ["127.0.0.1", "localhost", "[::1]"];

/** Maximum number of connections that the system queues until the server accepts them. */
const backlog = 1024;

/** True for an address that only this machine can reach: `localhost`, `::1` and `127.0.0.0/8`. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/u.test(host);
}

/**
 * Makes a server listen on an address.
 * @param port - TCP port; 0 selects a free port.
 * @throws The error of the system if the server cannot listen there: `EADDRINUSE` for a taken port.
 */
export async function listen(
  server: ServerMethods,
  host: string,
  port: number,
): Promise<ListeningServer> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ port, host, backlog }, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const bound = server.address();
  const boundPort = typeof bound === "object" && bound !== null ? bound.port : port;
  const name = host.includes(":") ? `[${host}]` : host;
  return {
    port: boundPort,
    address: `http://${name}:${boundPort}`,
    ...(isLoopback(host) && { hosts: listHosts(name, boundPort) }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listHosts(name: string, port: number): ReadonlySet<string> {
  const names = [name, ...loopbackNames];
  // Clients leave out the default port.
  return new Set(names.flatMap((one) => [`${one}:${port}`, ...(port === 80 ? [one] : [])]));
}
