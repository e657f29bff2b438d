import { NonFiniteError } from "@turnwise/core";

/** An error as it crosses between threads: a structured clone loses its class and its own fields. */
export interface SentError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly row?: number | undefined;
  readonly position?: number | undefined;
}

/** Takes an error apart. What is not an error is sent as the text of one. */
export function sendError(error: unknown): SentError {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error), stack: undefined };
  }
  const { name, message, stack } = error;
  return error instanceof NonFiniteError
    ? { name, message, stack, row: error.row, position: error.position }
    : { name, message, stack };
}

/** Puts an error together again: of its class, if that is one that engines throw. */
export function receiveError({ name, message, stack, row, position }: SentError): Error {
  const error =
    name === "NonFiniteError"
      ? new NonFiniteError(message, row, position)
      : name === "RangeError"
        ? new RangeError(message)
        : name === "TypeError"
          ? new TypeError(message)
          : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
