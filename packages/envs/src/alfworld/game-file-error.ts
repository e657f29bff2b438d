/**
 * A game file, or an archive or folder of them, that cannot be used. The message is one line:
 * `file: field must <rule>, got <value>`.
 */
export class GameFileError extends Error {
  override readonly name = "GameFileError";
}

/** Shortens a value for a message: at most 60 characters, on one line, texts in quotes. */
export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    // Twice the length is enough to see that something is cut off, however long the value.
    text = JSON.stringify(typeof value === "string" ? value.slice(0, 120) : value);
  } catch {
    text = undefined;
  }
  text ??= String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
