import type { HttpRoute } from "./http-messages.ts";

/** Options of a server of routes. */
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
