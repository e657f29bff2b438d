import type { Grade } from "./grade.ts";

/** Expected tests by outcome, under SWE-bench's names. */
interface OfficialLists {
  readonly success: readonly string[];
  readonly failure: readonly string[];
}

/** Content of a `report.json` for one instance, in the format of SWE-bench 5. */
export interface OfficialReport {
  readonly patch_is_None: boolean;
  readonly patch_exists: boolean;
  readonly patch_successfully_applied: boolean;
  readonly resolved: boolean;
  readonly infra_failure: boolean;
  readonly infra_failure_reason?: string;
  readonly tests_status?: Readonly<
    Record<"FAIL_TO_PASS" | "PASS_TO_PASS" | "FAIL_TO_FAIL" | "PASS_TO_FAIL", OfficialLists>
  >;
}

/** Converts a grade to the format that existing tools read. */
export function officialReport(grade: Grade): OfficialReport {
  const hasPatch = grade.reason !== "no_patch";
  const none = { success: [], failure: [] };
  return {
    patch_is_None: !hasPatch,
    patch_exists: hasPatch,
    patch_successfully_applied: hasPatch && grade.isFound,
    resolved: grade.isResolved,
    infra_failure: grade.isInfrastructureFailure,
    ...(grade.infrastructureReason === undefined
      ? {}
      : { infra_failure_reason: grade.infrastructureReason }),
    ...(grade.tests === undefined
      ? {}
      : {
          tests_status: {
            FAIL_TO_PASS: grade.tests.failToPass,
            PASS_TO_PASS: grade.tests.passToPass,
            FAIL_TO_FAIL: none,
            PASS_TO_FAIL: none,
          },
        }),
  };
}
