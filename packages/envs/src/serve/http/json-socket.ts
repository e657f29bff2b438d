import type { WebSocket } from "ws";
import type { Clock } from "../clock.ts";

/** Number of waiting messages at which reading from the socket is paused. */
const maxWaiting = 16;
/** Time limit for a client to receive a reply, seconds. */
const sendSeconds = 60;
/** Interval between pings, seconds; a client that did not answer the last ping is disconnected. */
const pingSeconds = 30;

/** Answer to a message. */
export interface SocketAnswer {
  /** Text to send; absent: no text. */
  readonly text?: string;
  /** True to close the socket after the text is sent. */
  readonly isLast?: boolean;
}

/** Options of {@link serveSocket}. */
export interface SocketOptions {
  readonly clock: Clock;
  /** Called once, before the first message. Returns a message to send first, if any. */
  readonly open: () => SocketAnswer;
  /** Waits until a message may be answered. Default: at once. */
  readonly admit?: () => Promise<void>;
  /** Answers a message; must not throw. */
  readonly answer: (message: string) => Promise<SocketAnswer>;
  /** Called once, when the socket is closed. */
  readonly onClose: () => void;
}

/**
 * Answers the messages of a socket one after another, in order. Disconnects clients that do not
 * receive replies or do not answer pings. Pings are sent and answered even while environments are
 * busy.
 */
export function serveSocket(
  socket: WebSocket,
  { clock, open, admit, answer, onClose }: SocketOptions,
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
  /** Sends an answer. @returns True if the connection continues. */
  const take = async ({ text, isLast }: SocketAnswer): Promise<boolean> => {
    if (text !== undefined) await send(text);
    if (isLast === true) socket.close();
    return isLast !== true && socket.readyState === socket.OPEN;
  };
  const run = async (): Promise<void> => {
    isAnswering = true;
    for (let text = waiting.shift(); text !== undefined; text = waiting.shift()) {
      if (socket.isPaused && waiting.length < maxWaiting / 2) socket.resume();
      await admit?.();
      if (!(await take(await answer(text)))) return;
    }
    isAnswering = false;
  };
  const ping = (): void => {
    cancelPing = clock.after(pingSeconds, () => {
      // A paused socket reads no pong, because unread messages precede it.
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
    // With the library's default options, data are buffers. Binary messages are invalid, because
    // the protocols use JSON.
    waiting.push(isBinary ? "" : (data as Buffer).toString("utf8"));
    if (waiting.length >= maxWaiting) socket.pause();
    if (!isAnswering) void run();
  });
  ping();
  const first = open();
  if (first.text !== undefined) void take(first);
}
