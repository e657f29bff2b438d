import { describe, expect, it } from "vitest";
import type { R2eGymInstance, SweBenchInstance } from "../instances/instance.ts";
import { grade } from "./grade.ts";
import { logParser } from "./log-parsers.ts";

const instance: SweBenchInstance = {
  format: "swe-bench",
  id: "o__r-1",
  repo: "o/r",
  version: "1.0",
  baseCommit: "abc",
  image: "image",
  problemStatement: "",
  goldPatch: "",
  testPatch: "",
  failToPass: ["t.py::fixed"],
  passToPass: ["t.py::kept"],
  evalScript: "",
  logParser: "parse_log_pytest",
  evalType: "pass_and_fail",
  createdAt: "",
};

const start = "+ : '>>>>> Start Test Output'\n";
const end = "+ : '>>>>> End Test Output'\n";
const log = (...lines: readonly string[]): string => `${start}${lines.join("\n")}\n${end}`;

describe("grade", () => {
  it("resolves a fix that breaks nothing", () => {
    expect(grade(instance, log("PASSED t.py::fixed", "XFAIL t.py::kept - known"))).toMatchObject({
      isFound: true,
      isResolved: true,
      resolution: "full",
      reward: 1,
    });
  });

  it("counts a skipped test as kept but not as fixed, and a missing one as neither", () => {
    const skipped = grade(instance, log("SKIPPED t.py::fixed", "SKIPPED t.py::kept"));
    expect(skipped.tests).toEqual({
      failToPass: { success: [], failure: ["t.py::fixed"] },
      passToPass: { success: ["t.py::kept"], failure: [] },
    });
    const missing = grade(instance, log("PASSED t.py::other"));
    expect(missing.tests!.passToPass.failure).toEqual(["t.py::kept"]);
    expect(missing.reward).toBe(0);
  });

  it("is partial if some tests are fixed and none is broken", () => {
    const two = { ...instance, failToPass: ["t.py::fixed", "t.py::open"] };
    const verdict = grade(two, log("PASSED t.py::fixed", "FAILED t.py::open", "PASSED t.py::kept"));
    expect(verdict).toMatchObject({ resolution: "partial", isResolved: false, reward: 0 });
  });

  it("finds a test whose id is cut off within its parameter, if all matches agree", () => {
    const cut = { ...instance, failToPass: ["t.py::p[a"] };
    const agree = log("PASSED t.py::p[ab]", "XFAIL t.py::p[ac]", "PASSED t.py::kept");
    expect(grade(cut, agree).isResolved).toBe(true);
    const differ = log("PASSED t.py::p[ab]", "FAILED t.py::p[ac]", "PASSED t.py::kept");
    expect(grade(cut, differ).isResolved).toBe(false);
  });

  it("does not believe passing tests of a run that failed as a whole", () => {
    const forged = `${log("PASSED t.py::fixed", "PASSED t.py::kept")}>>>>> Test Exit Code: 1\n`;
    expect(grade(instance, forged)).toMatchObject({
      isFound: false,
      reason: "exit_code_contradicts",
      reward: 0,
    });
    expect(grade(instance, forged.replace("Code: 1", "Code: 0")).isResolved).toBe(true);
  });

  it("reports text that looks like a failed environment, and still rewards 0", () => {
    const verdict = grade(instance, `${start}bash: fork: Cannot allocate memory\n`);
    expect(verdict).toMatchObject({
      isFound: false,
      reason: "markers_missing",
      isInfrastructureFailure: true,
      infrastructureReason: "out_of_memory",
      reward: 0,
    });
  });

  it("blames the patch for a missing module, and reports the match", () => {
    expect(grade(instance, log("ModuleNotFoundError: No module named 'x'"))).toMatchObject({
      isInfrastructureFailure: false,
      infrastructureReason: "missing_module",
      reward: 0,
    });
  });

  it("does not resolve a prediction without a patch", () => {
    const passing = log("PASSED t.py::fixed", "PASSED t.py::kept");
    expect(grade(instance, passing, { patch: null })).toMatchObject({
      isFound: true,
      isResolved: false,
      reason: "no_patch",
    });
  });

  it("handles tests named like members of Object", () => {
    const odd = { ...instance, failToPass: ["__proto__"], passToPass: ["constructor"] };
    expect(grade(odd, log("PASSED __proto__", "PASSED constructor")).isResolved).toBe(true);
    expect(grade(odd, log("PASSED other")).isResolved).toBe(false);
  });

  it("requires exactly the outcomes of the real fix for R2E-Gym, failures included", () => {
    const r2e: R2eGymInstance = {
      format: "r2e-gym",
      id: "r__1",
      repo: "r",
      commit: "1",
      image: "image",
      problemStatement: "",
      goldPatch: "",
      expectedStatuses: [
        ["TestA.good", "PASSED"],
        ["bad", "FAILED"],
      ],
    };
    const summary = (...lines: readonly string[]): string =>
      `noise\n=== \u001b[36mshort test summary info\u001b[0m ===\r\n${lines.join("\r\n")}\r\n== end`;
    const right = summary(
      "\u001b[32mPASSED\u001b[0m r2e/t.py::TestA::good",
      "FAILED r2e/t.py::bad - assert 1",
    );
    expect(grade(r2e, right).isResolved).toBe(true);
    const fixedToo = summary("PASSED r2e/t.py::TestA::good", "PASSED r2e/t.py::bad");
    expect(grade(r2e, fixedToo)).toMatchObject({ isResolved: false, reward: 0 });
    expect(grade(r2e, `${right}\nPASSED r2e/t.py::extra`).isResolved).toBe(false);
    expect(grade(r2e, "Error response from daemon: gone")).toMatchObject({
      isFound: false,
      isInfrastructureFailure: true,
    });
  });
});

describe("log parsers", () => {
  const parse = (name: string, text: string): unknown => Object.fromEntries(logParser(name)(text));

  it("take the first word of a line as the status and the second as the test", () => {
    expect(
      parse(
        "parse_log_flask",
        "FAILED a - b\nSKIPPED [3] x.py:1: why\nPASSED\nERROR: c\n PASSED d",
      ),
    ).toEqual({ a: "FAILED", c: "ERROR:" });
  });

  it("shorten options that are paths for pylint, requests and pydicom", () => {
    expect(
      parse("parse_log_pylint", "PASSED t[/tmp/a/b.txt]x\nPASSED u[//a/b]\nPASSED v[/a/*]"),
    ).toEqual({ "t[/b.txt]": "PASSED", "u[//a/b]": "PASSED", "v[/a/*]": "PASSED" });
  });

  it("remove colours for astropy, scikit-learn and sphinx, and read the trailing status of old versions", () => {
    expect(
      parse(
        "parse_log_sphinx",
        "\u001b[32mPASSED\u001b[0m a::b[x y] \nFAILED c - why - not\nold.py::d PASSED",
      ),
    ).toEqual({ "a::b[x y]": "PASSED", c: "FAILED", "old.py::d": "PASSED" });
  });

  it("read django's tests across output between a test and its ok", () => {
    const text = [
      "test_a (m.A) ... ok",
      "test_b (m.B) ... skipped 'no'",
      "test_c (m.C) ... FAIL",
      "ERROR: test_d (m.D)",
      "test_e (m.E) ... some output",
      "ok",
      "test_f (m.F) ... Internal Server Error: /x/",
      "ok",
    ].join("\n");
    expect(parse("parse_log_django", text)).toEqual({
      "test_a (m.A)": "PASSED",
      "test_b (m.B)": "SKIPPED",
      "test_c (m.C)": "FAILED",
      test_d: "ERROR",
      "test_e (m.E)": "PASSED",
      "test_f (m.F)": "PASSED",
    });
  });

  it("read sympy's failure headers and test lines", () => {
    const text = "____ sympy/core/t.py:test_x ____\ntest_y ok\ntest_z E\ntest_w F trailing\n";
    expect(parse("parse_log_sympy", text)).toEqual({
      "sympy/core/t.py:test_x": "FAILED",
      test_y: "PASSED",
      test_z: "ERROR",
    });
  });

  it("treat white space as Python does", () => {
    expect(parse("parse_log_pytest", "PASSED\u0085a\nPASSED b\ufeffc")).toEqual({
      a: "PASSED",
      "b\ufeffc": "PASSED",
    });
  });

  it("reject an unknown name", () => {
    expect(() => logParser("parse_log_cobol")).toThrow(
      /logParser: name must be one of .*"parse_log_cobol"/u,
    );
  });
});
