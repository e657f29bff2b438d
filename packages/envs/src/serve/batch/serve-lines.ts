import { checkInteger, InputError } from "@turnwise/core";
import { createWireError } from "../openenv/wire.ts";
import { openSessions, type SessionHostOptions } from "../open-sessions.ts";
import type { ServedEnvironment } from "../served-environment.ts";
import { answerLine } from "./answer-line.ts";
import { readLines } from "./read-lines.ts";

/** Number of requests that run at the same time; more are not read. */
const maxRunning = 64;

/** Options of {@link serveLines}. */
export interface ServeLinesOptions extends SessionHostOptions {
  /** Longest line, bytes. Default 1 MiB. */
  readonly maxMessageBytes?: number;
}

/**
 * Serves environments to the parent of this process: one JSON request per line of the input, one JSON
 * answer per line of the output. Requests run concurrently, and each answer has the id of its
 * request. When the input ends, closes all sessions and returns.
 *
 * @param write - Writes a line; the next line is written after the promise has resolved.
 * @throws `InputError` if no tasks can be opened.
 */
export async function serveLines(
  environments: readonly ServedEnvironment[],
  input: AsyncIterable<Uint8Array | string>,
  write: (line: string) => Promise<void>,
  { maxMessageBytes = 1 << 20, ...options }: ServeLinesOptions = {},
): Promise<void> {
  checkInteger("serve", { maxMessageBytes }, { min: 1 });
  const { sessions } = await openSessions(environments, options);
  const running = new Set<Promise<void>>();
  let writing = Promise.resolve();
  let fault: Error | undefined;
  const say = async (line: string): Promise<void> => {
    writing = writing.then(() => write(`${line}\n`));
    await writing;
  };
  const answer = async (text: string | undefined): Promise<void> => {
    const tooLong = `request must have at most ${maxMessageBytes} bytes`;
    await say(
      text === undefined
        ? JSON.stringify({ id: null, error: createWireError("VALIDATION_ERROR", tooLong).data })
        : await answerLine(sessions, text),
    );
  };
  try {
    for await (const text of readLines(input, maxMessageBytes)) {
      if (text === "") continue;
      const run = answer(text)
        .catch((cause: unknown) => {
          fault ??= new InputError(
            "serve: the output must stay open until all requests are answered, got a closed one",
            { cause },
          );
        })
        .finally(() => running.delete(run));
      running.add(run);
      if (running.size >= maxRunning) await Promise.race(running);
      if (fault !== undefined) throw fault;
    }
    await Promise.all(running);
  } finally {
    await sessions.shutdown();
  }
}
