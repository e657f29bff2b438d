/** Limits on text that is shown to the agent. */
export interface ClipLimits {
  /**
   * Maximum number of lines; a longer text keeps the first and last `maxLines / 2` lines. Default:
   * no limit.
   */
  readonly maxLines?: number;
  /**
   * Maximum number of characters, without the note; a longer text keeps its start and its end.
   * Default 10,000.
   */
  readonly maxCharacters?: number;
}

/**
 * Cuts the middle out of a long text, so that at most `maxLines` lines and `maxCharacters`
 * characters remain. A note says how many lines or characters were cut.
 */
export function clipMiddle(
  text: string,
  { maxLines = Number.POSITIVE_INFINITY, maxCharacters = 10_000 }: ClipLimits = {},
): string {
  const lines = text.split("\n");
  const numCutLines = Math.max(0, lines.length - maxLines);
  if (numCutLines === 0 && text.length <= maxCharacters) return text;
  let [head, tail] = [text, text];
  if (numCutLines > 0) {
    const numFirst = Math.ceil(maxLines / 2);
    head = lines.slice(0, numFirst).join("\n");
    tail = lines.slice(numFirst + numCutLines).join("\n");
    if (head.length + tail.length <= maxCharacters) {
      return `${head}\n${cutNote(numCutLines, "lines")}\n${tail}`;
    }
  }
  // If one half is short, the other half may be longer.
  const half = Math.ceil(maxCharacters / 2);
  const numFirst = Math.min(head.length, Math.max(half, maxCharacters - tail.length));
  const start = Math.max(0, tail.length - maxCharacters + numFirst);
  const first = head.slice(0, splitsPair(head, numFirst) ? numFirst - 1 : numFirst);
  const last = tail.slice(splitsPair(tail, start) ? start + 1 : start);
  return `${first}\n${cutNote(text.length - first.length - last.length, "characters")}\n${last}`;
}

/** Note that replaces the cut text: R2E-Gym's wording, with the amount. */
export const cutNote = (amount: number, unit: "lines" | "characters"): string =>
  `<Observation truncated in middle for saving context: ${amount} ${unit} cut>`;

/** True if a cut at an offset would split a surrogate pair. */
const splitsPair = (text: string, offset: number): boolean =>
  /[\uD800-\uDBFF]/u.test(text.charAt(offset - 1)) && /[\uDC00-\uDFFF]/u.test(text.charAt(offset));

/** Quotes a value in a message, shortened if long. */
export const quote = (value: string, maxCharacters = 200): string =>
  value.length <= maxCharacters ? value : `${value.slice(0, maxCharacters)}...`;
