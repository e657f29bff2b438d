import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Waits until the user stops the process with Ctrl-C, or another process sends SIGTERM. */
export async function waitForStop(): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, resolve);
  });
}

/**
 * Prints a line before a signal ends the process.
 * @param describe - Returns the line, without its line feed.
 * @returns A function that removes the handlers.
 */
export function announceInterrupts(describe: () => string): () => void {
  const handlers = signals.map((signal) => {
    const handle = (): void => {
      const end = (): never => process.exit(128 + constants.signals[signal]);
      // The terminal may be closed.
      process.stderr.once("error", end);
      process.stderr.write(`${describe()}\n`, end);
    };
    process.once(signal, handle);
    return [signal, handle] as const;
  });
  return () => {
    for (const [signal, handle] of handlers) process.off(signal, handle);
  };
}
