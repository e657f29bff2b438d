import { formatCount } from "@turnwise/core";
import { grade, type Grade } from "../grading/grade.ts";
import { outputMarkers } from "../instances/eval-script.ts";
import type { SweInstance } from "../instances/instance.ts";
import type { StrictReason } from "../grading/strict-reason.ts";
import type { ProtectedPath } from "./protected-paths.ts";
import { beginMarker, endMarker, startsPytest, type StrictRun } from "./run-tests.ts";
import { readTestReport, reportAsLog, type TestReportFile } from "./test-report.ts";

/** Sign that a patch manipulates its grading. */
export interface Suspicion {
  readonly kind:
    | Exclude<
        StrictReason,
        "tests_timed_out" | "setup_failed" | "report_incomplete" | "tests_missing"
      >
    | "protected_files"
    | "disagreement";
  /** Evidence, one line. */
  readonly detail: string;
}

/** Evidence for strict grading. */
export interface StrictEvidence {
  readonly run: StrictRun;
  /** Files of the patch that were restored before the tests. */
  readonly restored: readonly (ProtectedPath & { readonly numHunks: number })[];
  /** Files that the patch changes and the tests do not, relative to the repository. */
  readonly changed: ReadonlySet<string>;
  /** Changed paths outside the repository that could alter the outcome of tests. */
  readonly tampered: readonly string[];
}

/** Verdict of strict grading. */
export interface StrictGrade {
  /** True only if both the report and the log show success and nothing contradicts them. */
  readonly grade: Grade;
  readonly reasons: readonly StrictReason[];
  readonly suspicions: readonly Suspicion[];
  /** Log in the official format, including the markers. */
  readonly log: string;
}

const forgedLine = new RegExp(
  `${outputMarkers.start}|${outputMarkers.end}|>>>>> (?:Test Exit Code|Patch Apply Failed|Reset Failed|Tests Errored|Tests Timed Out)`,
  "u",
);

/** Parsers of repositories whose test runners write no report. */
const runnersWithoutReport = new Set(["parse_log_django", "parse_log_sympy"]);

/** True if the tests of an instance run under pytest, which can write a report. */
export function writesReport(instance: SweInstance): boolean {
  if (instance.format !== "swe-bench") return true;
  if (runnersWithoutReport.has(instance.logParser)) return false;
  return startsPytest.test(instance.evalScript);
}

/** Grades the evidence of a strict run. A pure function. */
export function gradeStrictly(instance: SweInstance, evidence: StrictEvidence): StrictGrade {
  const { run, restored, changed, tampered } = evidence;
  const text = testOutput(run);
  const log = officialLog(instance, run, text ?? run.testLog);
  const byLog = grade(instance, log);
  const report = run.report === undefined ? undefined : readTestReport(run.report, run.keys);
  const byReport =
    report === undefined
      ? byLog
      : grade(instance, addMarkers(instance, reportAsLog(instance.format, report)));

  const found: Finding[] = [];
  const note: Note = (reason, detail) => {
    found.push({ reason, detail });
  };
  const hasRun = run.isSetUp && !run.isTimedOut;
  if (run.isTimedOut) note("tests_timed_out", "the tests timed out");
  else if (!run.isSetUp) note("setup_failed", "the commands before the tests did not finish");
  else {
    if (text === undefined || !run.isComplete) {
      note("output_incomplete", "the output does not begin and end with the harness's markers");
    }
    const forged = forgedLine.exec(run.testLog);
    if (forged !== null) note("markers_forged", `the tests printed ${forged[0]}`);
    if (run.strayOutput !== "") {
      note("harness_pipe_written", JSON.stringify(run.strayOutput.slice(0, 200)));
    }
  }
  if (tampered.length > 0) note("environment_changed", formatList(tampered));
  if (report !== undefined && hasRun) {
    checkReport(report, run, note);
    checkOrigins(report, changed, note);
    // SWE-smith's harness counts a test that did not run as passed.
    const missing = instance.format === "swe-smith" ? findNotRun(instance.failToPass, report) : [];
    if (missing.length > 0) note("tests_missing", formatList(missing));
  } else if (hasRun) {
    const contradiction = exitContradiction(run.exitCode, byLog);
    if (contradiction !== undefined) note("exit_code_contradicts", contradiction);
  }

  const isResolved = found.length === 0 && byLog.isResolved && byReport.isResolved;
  const reasons = found.map(({ reason }) => reason);
  const [first] = reasons;
  const base = byReport.isResolved ? byLog : byReport;
  const verdict: Grade = {
    ...base,
    isResolved,
    resolution: isResolved ? "full" : base.resolution === "full" ? "no" : base.resolution,
    isInfrastructureFailure: false,
    reward: isResolved ? 1 : 0,
    ...(first === undefined ? {} : { reason: first }),
  };
  return { grade: verdict, reasons, suspicions: listSuspicions(found, restored), log };
}

/** Reason to reject a run, with one line of evidence. */
interface Finding {
  readonly reason: StrictReason;
  readonly detail: string;
}

type Note = (reason: StrictReason, detail: string) => void;

function checkReport(report: TestReportFile, run: StrictRun, note: Note): void {
  if (report.numForged > 0) {
    note("report_forged", `${formatCount(report.numForged, "record")} without a valid signature`);
  }
  if (report.numSessions === 0) note("report_missing", "the test framework wrote no report");
  else if (report.exitStatus === undefined) {
    note("report_incomplete", "the test framework did not finish its report");
  } else if (report.exitStatus !== run.exitCode) {
    note(
      "exit_code_contradicts",
      `exit code ${report.exitStatus} in the report, ${run.exitCode} of the process`,
    );
  } else {
    const statuses = [...report.statuses.values()];
    const hasFailure =
      report.numCollectionErrors > 0 || statuses.some((s) => s === "FAILED" || s === "ERROR");
    if (hasFailure === (run.exitCode === 0)) {
      note(
        "exit_code_contradicts",
        `exit code ${run.exitCode}, but the report has ${hasFailure ? "failures" : "no failures"}`,
      );
    }
  }
  const patched = [...report.replaced, ...report.passedCanaries];
  if (patched.length > 0) note("framework_patched", formatList(patched));
}

function findNotRun(ids: readonly string[], { statuses }: TestReportFile): string[] {
  return ids.filter((id) => ["SKIPPED", undefined].includes(statuses.get(id)));
}

/**
 * Detects actions that only tests and the framework should take, but code of the patch took:
 * skipping a test or declaring it an expected failure, writing a record, inspecting the test
 * process.
 */
function checkOrigins(report: TestReportFile, changed: ReadonlySet<string>, note: Note): void {
  const isForeign = (path: string): boolean => path.startsWith("<") || changed.has(path);
  const describeForeign = (
    files: ReadonlyMap<string, readonly string[]>,
    describe: (id: string, file: string) => string,
  ): string[] =>
    [...files].flatMap(([id, paths]) =>
      paths
        .filter(isForeign)
        .slice(0, 1)
        .map((file) => describe(id, file)),
    );
  const excused = describeForeign(
    report.excusedThrough,
    (id, file) => `${id} ${report.statuses.get(id)} by ${file}`,
  );
  if (excused.length > 0) note("outcome_forged", formatList(excused));
  const exchanged = describeForeign(report.otherCode, (id, file) => `${id} runs ${file}`);
  if (exchanged.length > 0) note("framework_patched", formatList(exchanged));
  const callers = report.calledVia.filter(isForeign);
  if (callers.length > 0) note("report_forged", `records made by ${formatList(callers)}`);
  const watched = report.watched.filter(({ path }) => changed.has(path));
  if (watched.length > 0) {
    note("process_inspected", formatList(watched.map(({ event, path }) => `${event} in ${path}`)));
  }
}

function exitContradiction(exitCode: number | null, byLog: Grade): string | undefined {
  if (exitCode === null) return "exit code unknown";
  const hasFailure = [...byLog.statuses.values()].some((s) => /^(?:FAILED|ERROR)/u.test(s));
  if (hasFailure !== (exitCode === 0)) return undefined;
  return `exit code ${exitCode}, but the log has ${hasFailure ? "failures" : "no failures"}`;
}

/**
 * Output of the tests without the marker lines; `undefined` unless each marker appears exactly
 * once.
 */
function testOutput({ testLog, nonce, exitCode }: StrictRun): string | undefined {
  const begin = `${beginMarker(nonce)}\n`;
  const end = `\n${endMarker(nonce)} ${exitCode}\n`;
  if (!testLog.startsWith(begin) || !testLog.endsWith(end)) return undefined;
  if (testLog.split(nonce).length !== 3) return undefined;
  return testLog.slice(begin.length, testLog.length - end.length);
}

function addMarkers(instance: SweInstance, text: string): string {
  if (instance.format === "r2e-gym") return text;
  return `+ : '${outputMarkers.start}'\n${text}\n+ : '${outputMarkers.end}'\n`;
}

/** Log as the official script would have printed it. */
function officialLog(instance: SweInstance, run: StrictRun, text: string): string {
  const { setupLog, exitCode, isTimedOut, isSetUp } = run;
  let log = setupLog;
  if (isSetUp) log += addMarkers(instance, text);
  if (isSetUp && instance.format === "swe-bench") log += `>>>>> Test Exit Code: ${exitCode}\n`;
  if (isTimedOut) log += "\n>>>>> Tests Timed Out\n";
  return log;
}

function listSuspicions(
  found: readonly Finding[],
  restored: StrictEvidence["restored"],
): Suspicion[] {
  const suspicions: Suspicion[] = [];
  for (const { reason, detail } of found) {
    // These reasons also occur in ordinary failures.
    if (reason === "tests_timed_out" || reason === "setup_failed") continue;
    if (reason === "report_incomplete" || reason === "tests_missing") continue;
    suspicions.push({ kind: reason, detail });
  }
  if (restored.length > 0) {
    const numHunks = restored.reduce((sum, entry) => sum + entry.numHunks, 0);
    const paths = restored.map(({ path, protection }) => `${path} (${protection})`);
    suspicions.push({
      kind: "protected_files",
      detail: `${formatCount(numHunks, "hunk")}: ${formatList(paths)}`,
    });
  }
  return suspicions;
}

function formatList(items: readonly string[]): string {
  const more = items.length > 5 ? ` and ${items.length - 5} more` : "";
  return `${items.slice(0, 5).join(", ")}${more}`;
}
