import type { WebSocket } from "ws";
import type { Clock } from "../clock.ts";

/** Number of messages that may wait before the socket is not read any more. */
const maxWaiting = 16;
/** A client must take a reply within this time, seconds. */
const sendSeconds = 60;
/** Time between two pings, seconds; a client that did not answer the last one is disconnected. */
const pingSeconds = 30;

/** Answer to a message. */
export interface SocketAnswer {
  /** Text to send; absent: none. */
  readonly text?: string;
  /** True to close the socket after it. */
  readonly isLast?: boolean;
}

/** Options of {@link serveSocket}. */
export interface SocketOptions {
  readonly clock: Clock;
  /** Called once, before the first message. Its answer is sent without being asked for. */
  readonly open: () => SocketAnswer;
  /** Answers a message; must not throw. */
  readonly answer: (message: string) => Promise<SocketAnswer>;
  /** Called once, when the socket is closed. */
  readonly onClose: () => void;
}

/**
 * Answers the messages of a socket one after another, in order. Disconnects clients that do not take
 * replies or do not answer pings; pings are answered meanwhile, whatever the environments do.
 */
export function serveSocket(
  socket: WebSocket,
  { clock, open, answer, onClose }: SocketOptions,
): void {
  const waiting: string[] = [];
  let isAnswering = false;
  let isAlive = true;
  let cancelPing = (): void => undefined;

  const send = async (text: string): Promise<void> => {
    const cancel = clock.after(sendSeconds, () => socket.terminate());
    await new Promise<void>((resolve) => socket.send(text, () => resolve()));
    cancel();
  };
  /** Sends an answer. @returns True if the connection goes on. */
  const take = async ({ text, isLast }: SocketAnswer): Promise<boolean> => {
    if (text !== undefined) await send(text);
    if (isLast === true) socket.close();
    return isLast !== true && socket.readyState === socket.OPEN;
  };
  const run = async (): Promise<void> => {
    isAnswering = true;
    for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) {
      if (socket.isPaused && waiting.length < maxWaiting / 2) socket.resume();
      if (!(await take(await answer(text)))) return;
    }
    isAnswering = false;
  };
  const ping = (): void => {
    cancelPing = clock.after(pingSeconds, () => {
      // The pong of a client that sends ahead waits behind its messages.
      if (!isAlive && !socket.isPaused) {
        socket.terminate();
        return;
      }
      isAlive = false;
      socket.ping();
      ping();
    });
  };
  socket.on("pong", () => (isAlive = true));
  socket.on("error", () => socket.terminate());
  socket.on("close", () => {
    cancelPing();
    waiting.length = 0;
    onClose();
  });
  socket.on("message", (data, isBinary) => {
    isAlive = true;
    // The library gives buffers, unless told otherwise. Binary data are no JSON of a protocol.
    waiting.push(isBinary ? "" : (data as Buffer).toString("utf8"));
    if (waiting.length >= maxWaiting) socket.pause();
    if (!isAnswering) void run();
  });
  ping();
  const first = open();
  if (first.text !== undefined) void take(first);
}
