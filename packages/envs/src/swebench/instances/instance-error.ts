/**
 * Data about instances that cannot be used. The message is one line: `file: row 3: field must <rule>, got
 * <value>`.
 */
export class InstanceError extends Error {
  override readonly name = "InstanceError";
}

/** Shortens a value for a message: at most 60 characters, on one line, texts in quotes. */
export function shown(value: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(typeof value === "string" ? value.slice(0, 120) : value, (_key, inner) =>
      typeof inner === "bigint" ? `${inner}` : (inner as unknown),
    );
  } catch {
    text = undefined;
  }
  text ??= String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}

/** What an exception says, whatever was thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
