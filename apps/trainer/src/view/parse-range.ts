/** Part of a file: from `start` up to but not including `end`. */
export interface FileRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Parses a `Range` header (RFC 9110, section 14).
 * @returns The range; `"outside"` if it begins after the end of the file; `undefined` if there is no
 * range. Several ranges and other units also give `undefined`, because a server may answer these
 * with the complete file.
 *
 * @example
 * parseRange("bytes=10-19", 100); // { start: 10, end: 20 }
 */
export function parseRange(
  header: string | undefined,
  size: number,
): FileRange | "outside" | undefined {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/u.exec(header ?? "") ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const length = Number(last);
    return length === 0 || size === 0
      ? "outside"
      : { start: Math.max(0, size - length), end: size };
  }
  const start = Number(first);
  if (start >= size) return "outside";
  if (last === "") return { start, end: size };
  return Number(last) < start ? undefined : { start, end: Math.min(size, Number(last) + 1) };
}
