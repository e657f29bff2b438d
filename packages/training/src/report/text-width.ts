/**
 * Characters that every terminal shows in one column: Latin text, punctuation, and the bars and
 * lines of the live screen.
 */
const narrow = /^[\u0020-\u024f\u2010-\u2027\u2030-\u205e\u2500-\u259f\u2190-\u21ff]$/u;

/**
 * Estimates the number of columns of a character. The estimate is never too low, so a line that
 * seems to fit does fit. Characters of other scripts, whose width depends on the terminal, count as
 * two columns.
 */
function measureCharacter(character: string): number {
  return narrow.test(character) ? 1 : 2;
}

/** Estimates the number of columns of a text without control characters; never too low. */
export function measureWidth(text: string): number {
  let width = 0;
  for (const character of text) width += measureCharacter(character);
  return width;
}

/** Truncates a text to a number of columns, with an ellipsis if anything is removed. */
export function cutText(text: string, width: number): string {
  if (measureWidth(text) <= width) return text;
  let cut = "";
  let used = 1;
  for (const character of text) {
    used += measureCharacter(character);
    if (used > width) break;
    cut += character;
  }
  return width < 1 ? "" : `${cut}…`;
}

/** Puts a text on one line and removes control characters, which could change the terminal. */
export function cleanText(text: string): string {
  return text
    .replaceAll(/\s+/gu, " ")
    .replaceAll(/[\p{Cc}\p{Cf}]/gu, "")
    .trim();
}

/** Replaces control characters other than line breaks, which could change the terminal. */
export function maskControls(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, "\u{fffd}");
}
