/**
 * An unusable product, attribute or instruction file, or stored catalogue. The message is one line,
 * such as `file: field must <rule>, got <value>`.
 */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
}

/** Formats a value for a message: one line of at most 60 characters, strings in quotes. */
export function formatValue(value: unknown): string {
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, 120) : value);
  if (text === undefined) return String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
