import type { Clock } from "../clock.ts";
import type { HttpReply, WriteChunk } from "../http/http-messages.ts";
import type { BackgroundCall } from "./background-calls.ts";

/** Length of a piece of a result, characters. */
const pieceLength = 4096;
/** Interval of heartbeats, seconds; clients give up after 30 s of silence. */
const heartbeatSeconds = 10;

const eventText = (event: string, data: string): string => `event: ${event}\ndata: ${data}\n\n`;

/** Cuts a text into pieces; the last piece may be empty. */
export function cutPieces(text: string): readonly string[] {
  const pieces: string[] = [];
  for (let start = 0; start < text.length; start += pieceLength) {
    pieces.push(text.slice(start, start + pieceLength));
  }
  return pieces.length === 0 ? [""] : pieces;
}

/**
 * Streams the result of a call as server-sent events: its id, heartbeats while it runs, and its text in
 * pieces.
 */
export function streamCall({ id, result }: BackgroundCall, clock: Clock): HttpReply {
  const stream = async (write: WriteChunk): Promise<void> => {
    if (!(await write(eventText("task_id", id)))) return;
    let cancel = (): void => undefined;
    const beat = (): void => {
      cancel = clock.after(heartbeatSeconds, () => {
        void write(": heartbeat\n\n");
        beat();
      });
    };
    beat();
    const pieces = cutPieces(await result);
    cancel();
    for (const [i, piece] of pieces.entries()) {
      const isWritten = await write(eventText(i === pieces.length - 1 ? "end" : "chunk", piece));
      if (!isWritten) return;
    }
  };
  return { status: 200, contentType: "text/event-stream", stream };
}
