import { CommanderError } from "commander";
import { findSimilarPath, InputError, StoppedRun } from "@turnwise/training";

/** Message and exit code of a failed command. */
export interface Failure {
  /** Message in one line; empty if it was already printed. */
  readonly message: string;
  /** Exit code: 1 for a failure, 2 for unusable input. */
  readonly exitCode: 1 | 2;
}

/** Environment variable that adds stack traces to errors. */
const stackVariable = "TURNWISE_STACK";

/** Describes an error in one line, with its exit code. */
export function describeError(error: unknown): Failure {
  if (error instanceof CommanderError) return { message: "", exitCode: 2 };
  const message = addSuggestion(joinLines(error instanceof Error ? error.message : String(error)));
  const exitCode = isUnusable(error) ? 2 : 1;
  if (process.env[stackVariable]) {
    return { message: error instanceof Error ? (error.stack ?? message) : message, exitCode };
  }
  if (isExpected(error)) return { message, exitCode };
  const name = error instanceof Error ? error.name : "error";
  return { message: `${name}: ${message} (${stackVariable}=1 adds the stack trace)`, exitCode };
}

/**
 * Codes of system errors that are usually caused by a wrong path. A full disk (`ENOSPC`) is not among
 * them, because no other path would help.
 */
const pathCodes: ReadonlySet<unknown> = new Set(
  "EACCES EEXIST EISDIR ELOOP ENAMETOOLONG ENOENT ENOTDIR ENOTEMPTY EPERM EROFS".split(" "),
);

function isUnusable(error: unknown): boolean {
  if (error instanceof InputError) return true;
  return error instanceof Error && "path" in error && "code" in error && pathCodes.has(error.code);
}

/**
 * Joins the lines of a message, and replaces control characters, which may come from a server or a
 * file.
 */
const joinLines = (text: string): string =>
  text
    .trim()
    .replaceAll(/(?<!\s)\s*\n\s*/gu, "; ")
    .replaceAll(/\p{Cc}/gu, "\u{fffd}");

/**
 * True if the message needs no stack trace: errors of this project, system errors and container
 * errors.
 */
function isExpected(error: unknown): boolean {
  if (error instanceof InputError || error instanceof StoppedRun) return true;
  if (!(error instanceof Error)) return false;
  return "syscall" in error || error.name === "ContainerError";
}

/** Suggests an existing path that is similar to a missing one. */
function addSuggestion(message: string): string {
  const path = /ENOENT: no such file or directory, \w+ '([^']+)'/u.exec(message)?.[1];
  const similar = path === undefined ? undefined : findSimilarPath(path);
  return similar === undefined ? message : `${message} (did you mean ${similar}?)`;
}
