import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { SweBenchInstance, SweSmithInstance } from "../instances/instance.ts";
import { gradeStrictly } from "./grade-strictly.ts";
import type { StrictRun } from "./run-tests.ts";

const instance: SweBenchInstance = {
  format: "swe-bench",
  id: "o__n-1",
  repo: "o/n",
  version: "1",
  baseCommit: "abc",
  image: "image",
  problemStatement: "",
  goldPatch: "",
  testPatch: "",
  failToPass: ["t.py::fixed"],
  passToPass: ["t.py::kept"],
  evalScript: "pytest -rA",
  logParser: "parse_log_pytest",
  evalType: "pass_and_fail",
  createdAt: "",
};
const key = "k".repeat(32);
const nonce = "n".repeat(32);

function sign(records: readonly object[], secret = key): string {
  return records
    .map((record, n) => {
      const body = JSON.stringify({ ...record, n });
      return `${createHmac("sha256", secret).update(body).digest("hex")} ${body}\n`;
    })
    .join("");
}

const test = (id: string, outcome = "passed"): readonly object[] =>
  ["setup", "call", "teardown"].map((when) => ({
    t: "test",
    id,
    when,
    outcome: when === "call" ? outcome : "passed",
    xfail: false,
  }));
const finish = (status: number): object => ({ t: "finish", status, replaced: [] });
const passing = [{ t: "begin" }, ...test("t.py::fixed"), ...test("t.py::kept"), finish(0)];
const log = (text: string, code = 0): string =>
  `>>>>> Begin ${nonce}\n${text}\n>>>>> End ${nonce} ${code}\n`;
const passingLog = log("PASSED t.py::fixed\nPASSED t.py::kept");

const honest: StrictRun = {
  setupLog: "",
  testLog: passingLog,
  nonce,
  report: sign(passing),
  keys: [key],
  exitCode: 0,
  isTimedOut: false,
  isSetUp: true,
  isComplete: true,
  strayOutput: "",
};
const verdict = (run: Partial<StrictRun>, tampered: readonly string[] = []) => {
  const { grade, reasons, suspicions } = gradeStrictly(instance, {
    run: { ...honest, ...run },
    restored: [],
    changed: new Set(),
    tampered,
  });
  return [grade.isResolved, reasons, suspicions.map(({ kind }) => kind)];
};

describe("gradeStrictly", () => {
  it("resolves if report, log and exit code agree", () => {
    expect(verdict({})).toEqual([true, [], []]);
  });

  it("requires both the report and the log to pass", () => {
    const failed = sign([
      { t: "begin" },
      ...test("t.py::fixed", "failed"),
      ...test("t.py::kept"),
      finish(1),
    ]);
    expect(
      verdict({
        report: failed,
        exitCode: 1,
        testLog: log("PASSED t.py::fixed\nPASSED t.py::kept", 1),
      })[0],
    ).toBe(false);
    expect(verdict({ testLog: log("PASSED t.py::kept") })[0]).toBe(false);
  });

  it("gives a reason for every contradiction", () => {
    const cases: readonly (readonly [Partial<StrictRun>, string])[] = [
      [{ report: "" }, "report_missing"],
      [{ report: sign(passing.slice(0, -1)) }, "report_incomplete"],
      [{ report: sign(passing) + sign([finish(0)], "other") }, "report_forged"],
      [{ report: sign(passing).split("\n").toSpliced(2, 1).join("\n") }, "report_forged"],
      [{ report: sign(passing) + sign(passing) }, "report_forged"],
      [
        { exitCode: 3, testLog: log("PASSED t.py::fixed\nPASSED t.py::kept", 3) },
        "exit_code_contradicts",
      ],
      [{ testLog: passingLog + passingLog }, "output_incomplete"],
      [{ testLog: passingLog.replace("Begin", "begin") }, "output_incomplete"],
      [{ isComplete: false }, "output_incomplete"],
      [
        { testLog: log("PASSED t.py::fixed\nPASSED t.py::kept\n>>>>> End Test Output") },
        "markers_forged",
      ],
      [
        { testLog: log("PASSED t.py::fixed\nPASSED t.py::kept\n>>>>> Test Exit Code: 0") },
        "markers_forged",
      ],
      [{ strayOutput: "PASSED t.py::fixed" }, "harness_pipe_written"],
      [{ isSetUp: false, testLog: "", report: "" }, "setup_failed"],
      [{ isTimedOut: true }, "tests_timed_out"],
      [
        {
          report: sign([...passing.slice(0, -1), { t: "patched", id: "x" }, finish(0)]),
        },
        "framework_patched",
      ],
    ];
    for (const [run, reason] of cases) {
      expect([reason, verdict(run)[0], (verdict(run)[1] as string[]).includes(reason)]).toEqual([
        reason,
        false,
        true,
      ]);
    }
    expect(verdict({}, ["/bin/bash"])).toEqual([
      false,
      ["environment_changed"],
      ["environment_changed"],
    ]);
  });

  it("does not flag an ordinary crash or timeout", () => {
    expect(
      verdict({ report: sign(passing.slice(0, -1)), exitCode: 139, testLog: log("", 139) })[2],
    ).toEqual([]);
    expect(verdict({ isTimedOut: true, testLog: "", report: "" })[2]).toEqual([]);
  });

  it("grades runners without a report from log and exit code", () => {
    const { report: _report, ...rest } = honest;
    const gradeRun = (run: Partial<StrictRun>): unknown[] => {
      const { grade, reasons } = gradeStrictly(instance, {
        run: { ...rest, keys: [], ...run },
        restored: [],
        changed: new Set(),
        tampered: [],
      });
      return [grade.isResolved, reasons];
    };
    expect(gradeRun({})).toEqual([true, []]);
    expect(
      gradeRun({ testLog: log("FAILED t.py::other\nPASSED t.py::fixed\nPASSED t.py::kept") }),
    ).toEqual([false, ["exit_code_contradicts"]]);
  });

  it("rejects outcomes that code of the patch caused", () => {
    const changed = new Set(["p/m.py"]);
    const gradeRecords = (...records: readonly object[]): unknown[] => {
      const report = sign([{ t: "begin" }, ...records, finish(0)]);
      const evidence = { run: { ...honest, report }, restored: [], changed, tampered: [] };
      const { grade, reasons } = gradeStrictly(instance, evidence);
      return [grade.isResolved, reasons];
    };
    const skipThrough = (through: readonly string[]): readonly object[] => [
      ...test("t.py::fixed").map((record, i) =>
        i === 1 ? { ...record, outcome: "skipped", xfail: true, through } : record,
      ),
      ...test("t.py::kept"),
    ];
    expect(gradeRecords(...skipThrough(["t.py", "p/other.py"]))).toEqual([true, []]);
    expect(gradeRecords(...skipThrough(["p/m.py"]))).toEqual([false, ["outcome_forged"]]);
    const passWith = (fields: object): readonly object[] => [
      ...test("t.py::fixed").map((record) => ({ ...record, ...fields })),
      ...test("t.py::kept"),
    ];
    expect(gradeRecords(...passWith({ via: ["runner.py"] }))).toEqual([true, []]);
    expect(gradeRecords(...passWith({ via: ["p/m.py"] }))).toEqual([false, ["report_forged"]]);
    expect(gradeRecords(...passWith({ via: ["<no session>"] }))).toEqual([
      false,
      ["report_forged"],
    ]);
    expect(gradeRecords(...passWith({ code: ["helper.py"] }))).toEqual([true, []]);
    expect(gradeRecords(...passWith({ code: ["p/m.py"] }))).toEqual([false, ["framework_patched"]]);
    const watch = (id: string): object => ({ t: "watch", event: "gc.get_objects", id });
    expect(gradeRecords(...passWith({}), watch("t.py"))).toEqual([true, []]);
    expect(gradeRecords(...passWith({}), watch("p/m.py"))).toEqual([false, ["process_inspected"]]);
  });

  it("requires that the tests of SWE-smith ran", () => {
    const smith: SweSmithInstance = {
      format: "swe-smith",
      id: "p.1",
      repo: "o/p",
      baseCommit: "",
      image: "image",
      problemStatement: "",
      goldPatch: "",
      bugPatch: "",
      failToPass: ["t.py::fixed"],
      passToPass: [],
    };
    const gradeRecords = (...records: readonly object[]): unknown[] => {
      const report = sign([{ t: "begin" }, ...records, finish(0)]);
      const run = { ...honest, report, testLog: log("t.py::kept PASSED") };
      const evidence = { run, restored: [], changed: new Set<string>(), tampered: [] };
      const { grade, reasons, suspicions } = gradeStrictly(smith, evidence);
      return [grade.isResolved, reasons, suspicions];
    };
    const skipped = test("t.py::fixed").map((record, i) =>
      i === 1 ? { ...record, outcome: "skipped" } : record,
    );
    expect(gradeRecords(...test("t.py::kept"))).toEqual([false, ["tests_missing"], []]);
    expect(gradeRecords(...test("t.py::kept"), ...skipped)).toEqual([false, ["tests_missing"], []]);
    expect(gradeRecords(...test("t.py::fixed"))).toEqual([true, [], []]);
  });

  it("flags and counts restored files without failing the patch", () => {
    const restored = [
      { path: "setup.cfg", protection: "test configuration" as const, numHunks: 2 },
    ];
    const { grade, suspicions } = gradeStrictly(instance, {
      run: honest,
      restored,
      changed: new Set(),
      tampered: [],
    });
    expect(grade.isResolved).toBe(true);
    expect(suspicions).toEqual([
      { kind: "protected_files", detail: "2 hunks: setup.cfg (test configuration)" },
    ]);
  });
});
