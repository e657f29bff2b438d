#!/usr/bin/env node
import { runCommandLine } from "./command-line.ts";
import { describeError } from "./describe-error.ts";

/** Prints an uncaught error in one line and exits. */
function fail(error: unknown): void {
  const { message, exitCode } = describeError(error);
  process.stderr.write(`turnwise: ${message}\n`, () => process.exit(exitCode));
}

// Print warnings of this project's packages in one line; Node's own warnings keep their format.
process.removeAllListeners("warning");
process.on("warning", ({ name, message, stack }) => {
  process.stderr.write(name === "TurnwiseWarning" ? `warning: ${message}\n` : `${stack}\n`);
});
process.on("uncaughtException", fail);
// If output cannot be written: a closed pipe ends the process silently, a full disk is an error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code === "EPIPE") process.exit(128 + 13);
  fail(error);
});
process.stderr.on("error", () => process.exit(1));

process.exitCode = await runCommandLine(process.argv.slice(2));
