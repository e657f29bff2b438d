import { isSettings } from "../settings/merge-settings.ts";

/**
 * Parses a file of JSON lines that may still be growing, or whose writer was killed: an incomplete
 * last line is omitted, but damage elsewhere is an error.
 *
 * @param source - Name of the file, for errors.
 * @throws `RangeError`, one line, with the number of the damaged line, from 1.
 */
export function parseJsonLines(
  bytes: Uint8Array,
  source: string,
): Readonly<Record<string, unknown>>[] {
  const newline = 0x0a;
  const records: Readonly<Record<string, unknown>>[] = [];
  let start = 0;
  for (let number = 1; start < bytes.length; number++) {
    const found = bytes.indexOf(newline, start);
    const end = found < 0 ? bytes.length : found;
    const line = bytes.subarray(start, end);
    start = end + 1;
    if (line.length === 0) continue;
    try {
      records.push(parseRecord(line));
    } catch (cause) {
      if (found < 0) break;
      throw new RangeError(
        `${source} line ${number} is not a valid JSON object: ${(cause as Error).message.replaceAll("\n", " ")}`,
        { cause },
      );
    }
  }
  return records;
}

function parseRecord(line: Uint8Array): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  if (isSettings(value)) return value;
  throw new TypeError(JSON.stringify(value));
}
