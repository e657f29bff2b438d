import type { WebSocketServer } from "ws";
import { systemClock } from "../clock.ts";
import { readClient, type HttpServerOptions } from "../http/http-server.ts";
import { serveSocket } from "../http/json-socket.ts";
import type { RateLimit } from "../rate-limit.ts";
import type { SessionManager } from "../session-manager.ts";
import { OpenEnvSocket } from "./openenv-socket.ts";

/** Accepts the WebSockets of OpenEnv: `/ws`, and `/{environment}/ws`. */
export function acceptSockets(
  sessions: SessionManager,
  sockets: WebSocketServer,
  rateLimit?: RateLimit,
): HttpServerOptions["upgrade"] {
  return (message, socket, head) => {
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
        ...(rateLimit && { admit: () => rateLimit.wait(readClient(message)) }),
        answer: (text) => client.answer(text),
        onClose: () => client.close(),
      });
    });
    return true;
  };
}
