/** Present time in UTC, for names of folders: `20260131-142530`. */
export function timestamp(): string {
  return new Date()
    .toISOString()
    .replaceAll(/[-:]|\..*$/gu, "")
    .replace("T", "-");
}
