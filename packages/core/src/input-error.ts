/**
 * Something the user gave cannot be used: one line that names the place, the field, the rule and
 * the value. The command line prints it and ends with exit code 2.
 */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** Runs what reads the user's files; what it throws becomes an {@link InputError}. */
export async function reading<T>(read: () => Promise<T> | T): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof InputError) throw cause;
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(message.replaceAll("\n", " "), { cause });
  }
}
