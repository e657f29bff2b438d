import type { EvalType } from "../instances/instance.ts";
import type { StatusMap } from "./status.ts";

/** Expected tests by success. */
export interface TestLists {
  readonly success: readonly string[];
  readonly failure: readonly string[];
}

/** Results of an instance's expected tests. */
export interface TestReport {
  readonly failToPass: TestLists;
  readonly passToPass: TestLists;
}

/** Degree to which an instance is resolved. Only `full` counts. */
export type Resolution = "full" | "partial" | "no";

function count(text: string, letter: string): number {
  let number = 0;
  for (const other of text) if (other === letter) number += 1;
  return number;
}

const isPass = (status: string): boolean => status === "PASSED" || status === "XFAIL";

/**
 * Status of an expected test. An id that was cut off within a parameter (more `[` than `]`) matches
 * all tests that begin with it, provided that they agree on passing.
 */
export function findStatus(id: string, statuses: StatusMap): string | undefined {
  const status = statuses.get(id);
  if (status !== undefined || count(id, "[") <= count(id, "]")) return status;
  let first: string | undefined;
  for (const [test, other] of statuses) {
    if (!test.startsWith(id)) continue;
    first ??= other;
    if (isPass(other) !== isPass(first)) return undefined;
  }
  return first;
}

function partitionTests(ids: readonly string[], isSuccess: (id: string) => boolean): TestLists {
  const success: string[] = [];
  const failure: string[] = [];
  for (const id of ids) (isSuccess(id) ? success : failure).push(id);
  return { success, failure };
}

/**
 * Compares statuses with the expectation as SWE-bench 5.0.1 does: a missing test failed; a skipped
 * test is not fixed but not broken either. With `fail_only`, every test without a failure passed.
 */
export function sweBenchReport(
  expected: { readonly failToPass: readonly string[]; readonly passToPass: readonly string[] },
  statuses: StatusMap,
  evalType: EvalType,
): TestReport {
  if (evalType === "fail_only") {
    const isSuccess = (id: string): boolean => statuses.get(id) !== "FAILED";
    return {
      failToPass: partitionTests(expected.failToPass, isSuccess),
      passToPass: partitionTests(expected.passToPass, isSuccess),
    };
  }
  return {
    failToPass: partitionTests(expected.failToPass, (id) => isPass(findStatus(id, statuses) ?? "")),
    passToPass: partitionTests(expected.passToPass, (id) => {
      const status = findStatus(id, statuses) ?? "";
      return isPass(status) || status === "SKIPPED";
    }),
  };
}

/** Share of an expected list that succeeded, in [0, 1]; 1 for an empty list. */
function rate({ success, failure }: TestLists): number {
  const total = success.length + failure.length;
  return total === 0 ? 1 : success.length / total;
}

/**
 * `full` if all expected fixes pass and nothing broke; `partial` if only some of the fixes pass and
 * nothing broke; else `no`.
 */
export function computeResolution(report: TestReport): Resolution {
  const fixed = rate(report.failToPass);
  if (rate(report.passToPass) !== 1) return "no";
  return fixed === 1 ? "full" : fixed > 0 ? "partial" : "no";
}
