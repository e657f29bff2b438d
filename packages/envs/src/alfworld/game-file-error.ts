/**
 * Thrown for an unusable game file, archive or folder of games. The message is one line, such as
 * `file: field must <rule>, got <value>`.
 */
export class GameFileError extends Error {
  override readonly name = "GameFileError";
}

/** Formats a value for a message: one line of at most 60 characters, strings in quotes. */
export function formatValue(value: unknown): string {
  let text: string | undefined;
  try {
    // Stringify at most twice the maximum length, which is enough to detect truncation.
    text = JSON.stringify(typeof value === "string" ? value.slice(0, 120) : value);
  } catch {
    text = undefined;
  }
  text ??= String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
