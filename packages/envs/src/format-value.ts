/** Formats a value for a message: one line of at most 60 characters, strings in quotes. */
export function formatValue(value: unknown): string {
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
