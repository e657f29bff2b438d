import { NonFiniteError } from "@turnwise/core";

/**
 * Error as plain data for messages between threads; a structured clone would lose class and own
 * fields.
 */
export interface SerializedError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly row?: number | undefined;
  readonly position?: number | undefined;
}

/** Serializes an error. Any other thrown value becomes the message of an error. */
export function serializeError(error: unknown): SerializedError {
  if (!(error instanceof Error)) {
    return { name: "Error", message: String(error), stack: undefined };
  }
  const { name, message, stack } = error;
  return error instanceof NonFiniteError
    ? { name, message, stack, row: error.row, position: error.position }
    : { name, message, stack };
}

/** Restores an error, including its class if it is one that engines throw. */
export function deserializeError({ name, message, stack, row, position }: SerializedError): Error {
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
