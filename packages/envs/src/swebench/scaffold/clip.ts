/** Limits of an answer to the agent. */
export interface ClipLimits {
  /** Maximum number of lines; the first and last half of them are kept. Default: no limit. */
  readonly maxLines?: number;
  /** Maximum number of characters, the note aside; the first and last half are kept. Default 10,000. */
  readonly maxCharacters?: number;
}

/**
 * Cuts the middle out of a long text, so that it has at most `maxLines` lines and `maxCharacters`
 * characters. A note in its place says how many lines or characters were cut.
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
  // A short half leaves its room to the other one.
  const half = Math.ceil(maxCharacters / 2);
  const numFirst = Math.min(head.length, Math.max(half, maxCharacters - tail.length));
  const start = Math.max(0, tail.length - maxCharacters + numFirst);
  const first = head.slice(0, splitsPair(head, numFirst) ? numFirst - 1 : numFirst);
  const last = tail.slice(splitsPair(tail, start) ? start + 1 : start);
  return `${first}\n${cutNote(text.length - first.length - last.length, "characters")}\n${last}`;
}

/** Note in place of what was cut: R2E-Gym's words, with the amount. */
export const cutNote = (amount: number, unit: "lines" | "characters"): string =>
  `<Observation truncated in middle for saving context: ${amount} ${unit} cut>`;

/** True if a cut at an offset would split a surrogate pair. */
const splitsPair = (text: string, offset: number): boolean =>
  /[\uD800-\uDBFF]/u.test(text.charAt(offset - 1)) && /[\uDC00-\uDFFF]/u.test(text.charAt(offset));

/** A value as a message may quote it. */
export const quoted = (value: string, maxCharacters = 200): string =>
  value.length <= maxCharacters ? value : `${value.slice(0, maxCharacters)}...`;
