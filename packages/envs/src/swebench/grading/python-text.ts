/**
 * Text operations with Python's behaviour where JavaScript differs: Python treats \x1c to \x1f and
 * \x85 as white space but not \ufeff, and its `.` excludes only the line feed.
 */

/** White space of Python's `str`, for use in a character class. */
export const pythonSpace =
  "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";

const runs = new RegExp(`[${pythonSpace}]+`, "u");
const leading = new RegExp(`^[${pythonSpace}]+`, "u");
const space = new RegExp(`[${pythonSpace}]`, "u");

/** `str.split()`: the non-empty words of a text. */
export function splitWords(text: string): string[] {
  return text.split(runs).filter((word) => word !== "");
}

/** `str.strip()`. Takes linear time even for long runs of white space within the text. */
export function strip(text: string): string {
  const start = leading.exec(text)?.[0].length ?? 0;
  let end = text.length;
  while (end > start && space.test(text[end - 1]!)) end -= 1;
  return text.slice(start, end);
}

/** Text before the first `separator`; the whole text if there is none. */
export function textBefore(text: string, separator: string): string {
  const index = text.indexOf(separator);
  return index === -1 ? text : text.slice(0, index);
}

/** Line breaks as in Python's text mode: `\r\n` and a lone `\r` become `\n`. */
export function normalizeNewlines(text: string): string {
  return text.includes("\r") ? text.replaceAll(/\r\n?/gu, "\n") : text;
}
