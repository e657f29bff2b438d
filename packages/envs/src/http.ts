import { checkToken } from "./serve/http/check-token.ts";
import { openHttpServer } from "./serve/http/http-server.ts";
import type { ServeRoutesOptions } from "./serve/http/serve-routes-options.ts";

export { replyJson, type HttpReply, type HttpRoute } from "./serve/http/http-messages.ts";
export type { ServeRoutesOptions };

/**
 * Serves routes over HTTP with the same access rules as all servers of this package: requests must
 * contain the token, and on a loopback address without a token, `Host` and `Origin` must name this
 * machine.
 * @throws `InputError` for a token that is missing or too short; the system's error if the port is
 *   not available.
 */
export async function serveRoutes(
  options: ServeRoutesOptions,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  checkToken(options.host, options.token);
  return openHttpServer({ ...options, upgrade: () => false });
}
