import { textBefore, pythonSpace, splitWords, strip } from "./python-text.ts";
import type { StatusMap } from "./status.ts";

const passSuffixes = [" ... ok", " ... OK", " ...  OK"];
const joinedMigration = "Applying sites.0002_alter_domain_unique...test_no_migrations";

/**
 * Output of django's own logging between the name of a test and its `ok`. The first group of each
 * pattern is the test.
 */
const interrupted = [
  "Testing against Django installed in ([^]*?) silenced\\)\\.",
  "Internal Server Error: /([^\\n]*)/",
  "System check identified no issues \\(0 silenced\\)",
].map(
  (text) =>
    new RegExp(
      `(?<![^\\n])([^\\n]*?)[${pythonSpace}]\\.\\.\\.[${pythonSpace}]${text}\\nok(?![^\\n])`,
      "gu",
    ),
);

/** Parses the verbose output of django's runner, which is unittest's with interruptions. */
export function parseDjango(log: string): StatusMap {
  const statuses = new Map<string, string>();
  let previous: string | undefined;
  for (const raw of log.split("\n")) {
    let line = strip(raw);
    if (line.includes("--version is equivalent to version")) {
      statuses.set("--version is equivalent to version", "PASSED");
    }
    if (line.includes(" ... ")) previous = textBefore(line, " ... ");
    const suffix = passSuffixes.find((ending) => line.endsWith(ending));
    if (suffix !== undefined) {
      // A migration prints its output at the start of the next test's line.
      if (line.startsWith(joinedMigration)) line = strip(line.slice(line.indexOf("...") + 3));
      const end = line.lastIndexOf(suffix);
      statuses.set(end === -1 ? line : line.slice(0, end), "PASSED");
    }
    if (line.includes(" ... skipped")) statuses.set(textBefore(line, " ... skipped"), "SKIPPED");
    if (line.endsWith(" ... FAIL")) statuses.set(textBefore(line, " ... FAIL"), "FAILED");
    if (line.startsWith("FAIL:")) setNamed(statuses, line, "FAILED");
    if (line.endsWith(" ... ERROR")) statuses.set(textBefore(line, " ... ERROR"), "ERROR");
    if (line.startsWith("ERROR:")) setNamed(statuses, line, "ERROR");
    if (line.startsWith("ok") && previous !== undefined) statuses.set(previous, "PASSED");
  }
  for (const pattern of interrupted) {
    for (const match of log.matchAll(pattern)) statuses.set(match[1]!, "PASSED");
  }
  return statuses;
}

function setNamed(statuses: Map<string, string>, line: string, status: string): void {
  const test = splitWords(line)[1];
  if (test !== undefined) statuses.set(test, status);
}

/**
 * Parses the output of sympy's runner: failure headers (`___ file.py:test ___`) first, then the
 * lines of tests.
 */
export function parseSympy(log: string): StatusMap {
  const statuses = new Map<string, string>();
  const lines = log.split("\n");
  for (const line of lines) {
    // Equivalent to `(_*) (.*)\.py:(.*) (_*)` without backtracking: from the first space to the
    // last `.py:` that is followed by a space, and from there to the last space.
    const first = line.indexOf(" ");
    const last = line.lastIndexOf(" ");
    const dot = last < 4 ? -1 : line.lastIndexOf(".py:", last - 4);
    if (first !== -1 && dot > first) {
      statuses.set(`${line.slice(first + 1, dot)}.py:${line.slice(dot + 4, last)}`, "FAILED");
    }
  }
  for (const raw of lines) {
    const line = strip(raw);
    if (!line.startsWith("test_")) continue;
    const test = splitWords(line)[0]!;
    if (line.endsWith(" E")) statuses.set(test, "ERROR");
    if (line.endsWith(" F")) statuses.set(test, "FAILED");
    if (line.endsWith(" ok")) statuses.set(test, "PASSED");
  }
  return statuses;
}
