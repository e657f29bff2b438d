import { once } from "node:events";
import { WebSocket } from "ws";

/** A message of a server, as a test reads it. */
export interface Message {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>> & {
    readonly observation?: Readonly<Record<string, unknown>>;
    readonly code?: string;
  };
}

/** Client that sends and receives JSON. */
export interface SocketClient {
  readonly socket: WebSocket;
  /** Sends a message, and returns the reply. */
  ask(message: unknown): Promise<Message>;
  /** Next message of the server. */
  next(): Promise<Message>;
  send(text: string | Uint8Array): void;
  /** Resolves with the close code. */
  readonly closed: Promise<number>;
}

/**
 * Connects a client.
 * @throws `Error` with the HTTP status if the server refuses.
 */
export async function connectSocket(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<SocketClient> {
  const socket = new WebSocket(url.replace(/^http/u, "ws"), { headers });
  const messages: Message[] = [];
  const waiting: ((message: Message) => void)[] = [];
  socket.on("message", (data) => {
    const message = JSON.parse((data as Buffer).toString("utf8")) as Message;
    const take = waiting.shift();
    if (take === undefined) messages.push(message);
    else take(message);
  });
  const closed = new Promise<number>((resolve) => socket.once("close", resolve));
  await once(socket, "open");
  socket.on("error", () => undefined);
  const next = async (): Promise<Message> =>
    messages.shift() ?? new Promise((resolve) => waiting.push(resolve));
  return {
    socket,
    closed,
    next,
    send: (text) => socket.send(text),
    ask: (message) => {
      socket.send(JSON.stringify(message));
      return next();
    },
  };
}
