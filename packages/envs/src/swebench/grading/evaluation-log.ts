import { outputMarkers } from "../instances/eval-script.ts";
import type { LogParser } from "./log-parsers.ts";
import { normalizeNewlines } from "./python-text.ts";
import type { StatusMap } from "./status.ts";

/** Content of an evaluation log. */
export interface EvaluationLog {
  /** True if the log contains credible results of a test run. */
  readonly isFound: boolean;
  /** Reason if `isFound` is false. */
  readonly reason?:
    | "patch_apply_failed"
    | "reset_failed"
    | "tests_errored"
    | "tests_timed_out"
    | "markers_missing"
    | "no_results"
    | "exit_code_contradicts";
  /** Status of each test; empty if the results are not credible. */
  readonly statuses: StatusMap;
  /** Exit code of the test command, if the log has it. */
  readonly exitCode?: number;
}

const failures = [
  [">>>>> Patch Apply Failed", "patch_apply_failed"],
  [">>>>> Reset Failed", "reset_failed"],
  [">>>>> Tests Errored", "tests_errored"],
  [">>>>> Tests Timed Out", "tests_timed_out"],
] as const;

/** Signs that a test suite ran, even if the parser found no tests. */
const suiteRan =
  /Executed [1-9]\d* of \d+|TOTAL: [1-9]\d* (?:SUCCESS|FAILED)|[1-9]\d* passing|Tests:\s+[1-9]\d*|Test Suites:\s+(?:\d+ \w+, )*[1-9]\d* total|(?<![^\n])# tests [1-9]\d*|[1-9]\d* specs?, \d+ failures?|': ok(?![^\n])/u;

/**
 * Reads an evaluation log as SWE-bench 5.0.1 does: results are between the markers or, if the
 * streams of a container were split, anywhere.
 */
export function readEvaluationLog(text: string, parse: LogParser): EvaluationLog {
  const log = normalizeNewlines(text);
  const none: StatusMap = new Map();
  for (const [mark, reason] of failures) {
    if (log.includes(mark)) return { isFound: false, reason, statuses: none };
  }
  const { start, end } = outputMarkers;
  const from = log.indexOf(start);
  if (from === -1 || !log.includes(end)) {
    return { isFound: false, reason: "markers_missing", statuses: none };
  }
  const second = log.indexOf(start, from + start.length);
  let slice = log.slice(from + start.length, second === -1 ? undefined : second);
  const close = slice.indexOf(end);
  if (close !== -1) slice = slice.slice(0, close);

  let statuses = parse(slice);
  if (statuses.size === 0) statuses = parse(log);
  const code = />>>>> Test Exit Code: (-?\d+)/u.exec(log);
  const exitCode = code ? { exitCode: Number(code[1]) } : {};
  if (statuses.size === 0 && !suiteRan.test(log)) {
    return { isFound: false, reason: "no_results", statuses, ...exitCode };
  }
  // A run that failed as a whole without a failing test: its printed results are not credible.
  if (code && Number(code[1]) !== 0 && statuses.size > 0 && !showsFailure(statuses)) {
    return { isFound: false, reason: "exit_code_contradicts", statuses: none, ...exitCode };
  }
  return { isFound: true, statuses, ...exitCode };
}

function showsFailure(statuses: StatusMap): boolean {
  for (const status of statuses.values()) {
    if (status === "FAILED" || status === "ERROR") return true;
  }
  return false;
}
