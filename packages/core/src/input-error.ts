/**
 * Unusable input from the user: one line that names the source, the field, the rule and the value.
 * The command line prints it and exits with code 2.
 */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Runs a function that reads the user's input, such as files, and converts its errors to {@link InputError}. */
export async function readInput<T>(read: () => Promise<T> | T): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(message.replaceAll("\n", " "), { cause });
  }
}
