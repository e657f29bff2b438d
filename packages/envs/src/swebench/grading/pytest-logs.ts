import { textBefore, splitWords } from "./python-text.ts";
import { leadingStatus, trailingStatus, type StatusMap } from "./status.ts";

/** `SKIPPED [3] file.py:7: reason` counts the skips at a location; it names no test. */
const skipCount = /^\[\p{Nd}+\]/u;

/** Parses a line of pytest's short summary (`-rA`), which most repositories use. */
function summaryLine(line: string): readonly [test: string, status: string] | undefined {
  const status = leadingStatus(line);
  if (status === undefined) return undefined;
  const [word, test] = splitWords(status === "FAILED" ? line.replaceAll(" - ", " ") : line);
  if (word === undefined || test === undefined) return undefined;
  if (status === "SKIPPED" && skipCount.test(test)) return undefined;
  return [test, word];
}

/** Parses pytest's summary: in a line that begins with a status, the second word is the test. */
export function parsePytest(log: string): StatusMap {
  const statuses = new Map<string, string>();
  for (const line of log.split("\n")) {
    const entry = summaryLine(line);
    if (entry) statuses.set(...entry);
  }
  return statuses;
}

/**
 * Parses pytest's summary like {@link parsePytest}, but shortens parameters that are paths to their
 * last part: `test[/tmp/a/b.txt]` becomes `test[/b.txt]`.
 */
export function parsePytestOptions(log: string): StatusMap {
  const statuses = new Map<string, string>();
  for (const line of log.split("\n")) {
    const entry = summaryLine(line);
    if (!entry) continue;
    statuses.set(shortOption(entry[0]), entry[1]);
  }
  return statuses;
}

function shortOption(test: string): string {
  const open = test.indexOf("[");
  const close = test.lastIndexOf("]");
  if (open === -1 || close <= open) return test;
  const option = test.slice(open + 1, close);
  const isPath = option.startsWith("/") && !option.startsWith("//") && !option.includes("*");
  // The text after the bracket is dropped even if the option is unchanged.
  return `${test.slice(0, open)}[${isPath ? `/${option.slice(option.lastIndexOf("/") + 1)}` : option}]`;
}

/**
 * Parses pytest's coloured output, and the output of old versions, which print the status last.
 * Names may contain spaces.
 */
export function parsePytestColored(log: string): StatusMap {
  const statuses = new Map<string, string>();
  for (const raw of log.split("\n")) {
    // oxlint-disable-next-line no-control-regex
    const line = raw.replaceAll(/\[\p{Nd}+m/gu, "").replaceAll(/[\u0001-\u001f]/gu, "");
    const status = leadingStatus(line);
    if (status !== undefined) {
      const [word, ...name] = splitWords(status === "FAILED" ? textBefore(line, " - ") : line);
      if (word === undefined || name.length === 0) continue;
      if (status === "SKIPPED" && skipCount.test(name[0]!)) continue;
      statuses.set(name.join(" "), word);
    } else if (trailingStatus(line) !== undefined) {
      const words = splitWords(line);
      if (words.length > 1) statuses.set(words.slice(0, -1).join(" "), words.at(-1)!);
    }
  }
  return statuses;
}

/** Parses matplotlib's log: mouse buttons are replaced by their numbers, as in the expected ids. */
export function parseMatplotlib(log: string): StatusMap {
  return parsePytest(log.replaceAll("MouseButton.LEFT", "1").replaceAll("MouseButton.RIGHT", "3"));
}

/** Parses seaborn's log: only passed and failed tests count. */
export function parseSeaborn(log: string): StatusMap {
  const statuses = new Map<string, string>();
  for (const line of log.split("\n")) {
    const words = splitWords(line);
    if (line.startsWith("FAILED")) {
      if (words[1] !== undefined) statuses.set(words[1], "FAILED");
    } else if (line.includes(" PASSED ")) {
      if (words[1] === "PASSED") statuses.set(words[0]!, "PASSED");
    } else if (line.startsWith("PASSED") && words[1] !== undefined) {
      statuses.set(words[1], "PASSED");
    }
  }
  return statuses;
}
