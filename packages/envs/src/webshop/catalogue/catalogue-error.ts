/**
 * A product, attribute or instruction file, or a stored catalogue, that cannot be used. The message
 * is one line: `file: field must <rule>, got <value>`.
 */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
}

/** Shortens a value for a message: at most 60 characters, on one line, texts in quotes. */
export function shown(value: unknown): string {
  const text = JSON.stringify(typeof value === "string" ? value.slice(0, 120) : value);
  if (text === undefined) return String(value);
  return text.length <= 60 ? text : `${text.slice(0, 57)}...`;
}
