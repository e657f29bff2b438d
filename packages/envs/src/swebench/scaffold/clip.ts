const truncationMark = "<Observation truncated in middle for saving context>";

/** Keeps the first and last lines of a long output: half of `maxLines` each. */
export function clipLines(text: string, maxLines = 80): string {
  const lines = text.split("\n");
  if (lines.length <= maxLines) return text;
  const half = Math.floor(maxLines / 2);
  return [...lines.slice(0, half), truncationMark, ...lines.slice(-half)].join("\n");
}

/** Cuts a long answer of the editor, and says what to do about it. */
export function clipEnd(text: string, maxCharacters = 10_000): string {
  if (text.length <= maxCharacters) return text;
  return `${text.slice(0, maxCharacters)}<response clipped><NOTE>Only a part is shown. Find the lines you need with grep -n, then view that range.</NOTE>`;
}

/** Keeps the first and last characters of a long output, as bash-only scaffolds do. */
export function clipMiddle(text: string, maxCharacters = 10_000): string {
  if (text.length <= maxCharacters) return text;
  const half = Math.floor(maxCharacters / 2);
  const numMissing = text.length - 2 * half;
  return `${text.slice(0, half)}\n[... ${numMissing} characters left out ...]\n${text.slice(-half)}`;
}
