import { textBefore, splitWords, normalizeNewlines } from "./python-text.ts";
import type { StatusMap } from "./status.ts";

/**
 * Parses the text after pytest's `short test summary info`, as R2E-Gym does: colours are removed;
 * the name of a test is the text after the first `::`, its parts joined by dots.
 * @returns An empty map for a log without a summary.
 */
export function parseR2e(log: string): StatusMap {
  const statuses = new Map<string, string>();
  // oxlint-disable-next-line no-control-regex
  const plain = normalizeNewlines(log).replaceAll(/\u001b\[[\d;]*m/gu, "");
  const mark = "short test summary info";
  const start = plain.indexOf(mark);
  if (start === -1) return statuses;
  for (const raw of plain.slice(start + mark.length).split("\n")) {
    const line = raw.trim();
    const status = ["PASSED", "FAILED", "ERROR"].find((word) => line.startsWith(word));
    if (status === undefined) continue;
    const test = textBefore(line, " - ");
    const name = test.split("::").slice(1).join(".");
    if (name !== "") statuses.set(name, status);
    else {
      const word = splitWords(test)[1];
      if (word !== undefined) statuses.set(word, status);
    }
  }
  return statuses;
}

/** Expected names are cut at ` - ` too: some were stored with their failure message. */
function normalizeNames(entries: Iterable<readonly [string, string]>): Map<string, string> {
  const result = new Map<string, string>();
  for (const [test, status] of entries) result.set(textBefore(test, " - "), status);
  return result;
}

/**
 * Lists the tests whose status differs from their status after the real fix. An instance is
 * resolved if there are no differences: the same tests ran, each with the same status, including
 * failures.
 */
export function r2eDifferences(
  expected: readonly (readonly [test: string, status: string])[],
  statuses: StatusMap,
): string[] {
  const wanted = normalizeNames(expected);
  const seen = normalizeNames(statuses);
  const different = [...wanted].filter(([test, status]) => seen.get(test) !== status);
  const extra = [...seen.keys()].filter((test) => !wanted.has(test));
  return [...different.map(([test]) => test), ...extra];
}
