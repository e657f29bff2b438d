import { constants } from "node:os";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

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
