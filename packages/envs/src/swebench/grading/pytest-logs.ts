import { before, splitWords } from "./python-text.ts";
import { leadingStatus, trailingStatus, type StatusMap } from "./status.ts";

/** `SKIPPED [3] file.py:7: reason` counts the skips of a place; it names no test. */
const skipCount = /^\[\p{Nd}+\]/u;

/** One line of pytest's short summary (`-rA`), as most repositories are read. */
function summaryLine(line: string): readonly [test: string, status: string] | undefined {
  const status = leadingStatus(line);
  if (status === undefined) return undefined;
  const [word, test] = splitWords(status === "FAILED" ? line.replaceAll(" - ", " ") : line);
  if (word === undefined || test === undefined) return undefined;
  if (status === "SKIPPED" && skipCount.test(test)) return undefined;
  return [test, word];
}

/** Reads pytest's summary: the second word of a line that begins with a status is the test. */
export function parsePytest(log: string): StatusMap {
  const statuses = new Map<string, string>();
  for (const line of log.split("\n")) {
    const entry = summaryLine(line);
    if (entry) statuses.set(...entry);
  }
  return statuses;
}

/**
 * Reads pytest's summary as {@link parsePytest}; of a parameter that is a path, only the last part
 * is kept: `test[/tmp/a/b.txt]` becomes `test[/b.txt]`.
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
  // What follows the bracket is dropped even where the option stays.
  return `${test.slice(0, open)}[${isPath ? `/${option.slice(option.lastIndexOf("/") + 1)}` : option}]`;
}

/**
 * Reads pytest's output with colours, and of old versions that write the status last. Names may
 * hold blanks.
 */
export function parsePytestColored(log: string): StatusMap {
  const statuses = new Map<string, string>();
  for (const raw of log.split("\n")) {
    // oxlint-disable-next-line no-control-regex
    const line = raw.replaceAll(/\[\p{Nd}+m/gu, "").replaceAll(/[\u0001-\u001f]/gu, "");
    const status = leadingStatus(line);
    if (status !== undefined) {
      const [word, ...name] = splitWords(status === "FAILED" ? before(line, " - ") : line);
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

/** Reads matplotlib's log: mouse buttons are written as their numbers, as in the expected ids. */
export function parseMatplotlib(log: string): StatusMap {
  return parsePytest(log.replaceAll("MouseButton.LEFT", "1").replaceAll("MouseButton.RIGHT", "3"));
}

/** Reads seaborn's log: passed and failed tests alone count. */
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
