/**
 * Formats a number with its noun: `1 turn`, `3 turns`, `0 batches`.
 * @param plural - Default: `noun` with an s.
 */
export function formatCount(count: number, noun: string, plural = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : plural}`;
}
