import { normalizeNewlines } from "./python-text.ts";
import type { TestReport } from "./report.ts";
import { outputMarkers } from "../instances/eval-script.ts";
import { testStatuses, type StatusMap } from "./status.ts";
import type { EvaluationLog } from "./evaluation-log.ts";
import { pythonSpace } from "./python-text.ts";

const line = new RegExp(`^([^${pythonSpace}]+)[${pythonSpace}]+(${testStatuses.join("|")})`, "u");

/** Parses pytest's verbose lines, `test STATUS`, as SWE-smith does. */
export function parseSweSmith(log: string): StatusMap {
  const statuses = new Map<string, string>();
  for (const text of log.split("\n")) {
    const match = line.exec(text);
    if (match) statuses.set(match[1]!, match[2]!);
  }
  return statuses;
}

/**
 * Reads a SWE-smith evaluation log: the results are between the traced marker commands
 * (`+ : '>>>>> ...'`). Markers in the wrong order count as missing.
 */
export function readSweSmithLog(text: string): EvaluationLog {
  const log = normalizeNewlines(text);
  const none: StatusMap = new Map();
  if (log.includes(">>>>> Patch Apply Failed")) {
    return { isFound: false, reason: "patch_apply_failed", statuses: none };
  }
  if (log.includes(">>>>> Tests Timed Out")) {
    return { isFound: false, reason: "tests_timed_out", statuses: none };
  }
  const [start, end] = [`+ : '${outputMarkers.start}'`, `+ : '${outputMarkers.end}'`];
  const [from, to] = [log.indexOf(start), log.indexOf(end)];
  if (from === -1 || to < from)
    return { isFound: false, reason: "markers_missing", statuses: none };
  return { isFound: true, statuses: parseSweSmith(log.slice(from + start.length, to)) };
}

/**
 * Compares statuses with the expectation as SWE-smith does: a test that did not run counts as
 * passed, and a skipped test is in neither list.
 */
export function sweSmithReport(
  expected: { readonly failToPass: readonly string[]; readonly passToPass: readonly string[] },
  statuses: StatusMap,
): TestReport {
  const lists = (ids: readonly string[]) => ({
    success: ids.filter((id) => ["PASSED", "XFAIL", undefined].includes(statuses.get(id))),
    failure: ids.filter((id) => ["FAILED", "ERROR"].includes(statuses.get(id) ?? "")),
  });
  return { failToPass: lists(expected.failToPass), passToPass: lists(expected.passToPass) };
}
