import type { HttpRoute } from "./serve/http/http-messages.ts";
import { openHttpServer } from "./serve/http/http-server.ts";

export { replyJson, type HttpReply, type HttpRoute } from "./serve/http/http-messages.ts";

/** Options of {@link serveRoutes}. */
export interface ServeRoutesOptions {
  readonly routes: readonly HttpRoute[];
  /** Address to listen on. */
  readonly host: string;
  /** TCP port; 0 selects a free port. */
  readonly port: number;
  /** Token that requests must contain; absent: no token is needed. */
  readonly token?: string;
  /** Largest body of a request, bytes. */
  readonly maxBodyBytes: number;
  readonly maxConnections: number;
}

/**
 * Serves routes over HTTP with the same access rules as all servers of this package: requests must
 * contain the token, and on a loopback address without a token, `Host` and `Origin` must name this
 * machine.
 * @throws The error of the system if the port is not available.
 */
export function serveRoutes(
  options: ServeRoutesOptions,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  return openHttpServer({ ...options, upgrade: () => false });
}
