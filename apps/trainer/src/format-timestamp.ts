/** Formats the current time in UTC for folder names: `20260131-142530`. */
export function formatTimestamp(): string {
  return new Date()
    .toISOString()
    .replaceAll(/[-:]|\..*$/gu, "")
    .replace("T", "-");
}
