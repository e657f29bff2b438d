/**
 * Control characters except line breaks and tabs, and characters that change the direction of text.
 */
const unseen =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B\u200E\u200F\u202A-\u202E\u2060\u2066-\u2069\uFEFF]/gu;

/**
 * Makes characters visible that hide or reorder other text of a model or an environment: `⟨1B⟩` for
 * escape, `⟨202E⟩` for a change of direction. Drops carriage returns before line breaks.
 *
 * @example
 * visibleText("\u001b[31mred"); // "⟨1B⟩[31mred"
 */
export function visibleText(text: string): string {
  return text.replaceAll("\r\n", "\n").replaceAll(unseen, (character) => {
    const code = character.codePointAt(0)!.toString(16).toUpperCase();
    return `⟨${code.padStart(2, "0")}⟩`;
  });
}

/** Returns the visible text on one line, cut after `maxCharacters` characters. */
export function visibleLine(text: string, maxCharacters = 300): string {
  const cut = text.length > maxCharacters ? `${text.slice(0, maxCharacters)} …` : text;
  return visibleText(cut);
}

/** Returns a record with all its texts made visible. */
export function visibleRecord<Value>(value: Value): Value {
  if (typeof value === "string") return visibleText(value) as Value;
  if (Array.isArray(value)) return value.map((one: unknown) => visibleRecord(one)) as Value;
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, visibleRecord(one)] as const);
  return Object.fromEntries(entries) as Value;
}
