import type { SweInstance } from "../instances/instance.ts";
import { readEvaluationLog, type EvaluationLog } from "./evaluation-log.ts";
import { infrastructureSign } from "./infrastructure.ts";
import { logParser } from "./log-parsers.ts";
import { parseR2e, r2eDifferences } from "./r2e-log.ts";
import { computeResolution, sweBenchReport, type Resolution, type TestReport } from "./report.ts";
import type { StrictReason } from "./strict-reason.ts";
import { readSweSmithLog, sweSmithReport } from "./swe-smith-log.ts";
import type { StatusMap } from "./status.ts";

/** Verdict on an evaluation log. */
export interface Grade {
  /** True if the log contains credible results. */
  readonly isFound: boolean;
  /** Reason if `isFound` is false: `markers_missing`, `patch_apply_failed`, ... */
  readonly reason?: NonNullable<EvaluationLog["reason"]> | StrictReason | "no_patch";
  /** True if all expected tests that failed before now pass, and no expected test broke. */
  readonly isResolved: boolean;
  readonly resolution: Resolution;
  /** Expected tests by outcome; absent if the log has no credible results. */
  readonly tests?: TestReport;
  /** Status of every test in the log. */
  readonly statuses: StatusMap;
  /**
   * True if the log matches one of the official harness's patterns of a failed environment. For
   * reports only: a patch can print such text, so it never changes the verdict or the reward.
   */
  readonly isInfrastructureFailure: boolean;
  /** Name of the matching pattern, of either tier: `out_of_memory`, `missing_module`. */
  readonly infrastructureReason?: string;
  /** Reward: 1 if resolved, else 0. */
  readonly reward: 0 | 1;
}

function gradeWithoutResults(log: string, { reason, statuses }: EvaluationLog): Grade {
  const sign = infrastructureSign(log);
  const isInfrastructureFailure = sign?.tier === "environment";
  return {
    isFound: false,
    ...(reason === undefined ? {} : { reason }),
    isResolved: false,
    resolution: "no",
    statuses,
    isInfrastructureFailure,
    ...(sign === undefined ? {} : { infrastructureReason: sign.reason }),
    reward: 0,
  };
}

function gradeResults(statuses: StatusMap, tests: TestReport): Grade {
  const resolution = computeResolution(tests);
  const isResolved = resolution === "full";
  return {
    isFound: true,
    isResolved,
    resolution,
    tests,
    statuses,
    isInfrastructureFailure: false,
    reward: isResolved ? 1 : 0,
  };
}

/**
 * Grades an evaluation log like the official harness of the instance's format: SWE-bench 5.0.1,
 * SWE-smith or R2E-Gym. A pure function of the log and the patch.
 * @param log - Output of the eval script, both streams, as text.
 * @param patch - Evaluated patch; `null` (the agent gave none) is never resolved.
 */
export function grade(
  instance: SweInstance,
  log: string,
  { patch }: { readonly patch?: string | null } = {},
): Grade {
  const verdict = gradeLog(instance, log);
  if (patch !== null) return verdict;
  const { isFound, statuses, isInfrastructureFailure } = verdict;
  return {
    isFound,
    reason: "no_patch",
    isResolved: false,
    resolution: "no",
    statuses,
    isInfrastructureFailure,
    reward: 0,
  };
}

function gradeLog(instance: SweInstance, log: string): Grade {
  if (instance.format === "swe-bench") {
    const read = readEvaluationLog(log, logParser(instance.logParser));
    if (!read.isFound) return gradeWithoutResults(log, read);
    return gradeResults(read.statuses, sweBenchReport(instance, read.statuses, instance.evalType));
  }
  if (instance.format === "swe-smith") {
    const read = readSweSmithLog(log);
    if (!read.isFound) return gradeWithoutResults(log, read);
    return gradeResults(read.statuses, sweSmithReport(instance, read.statuses));
  }
  const statuses = parseR2e(log);
  if (statuses.size === 0)
    return gradeWithoutResults(log, { isFound: false, reason: "no_results", statuses });
  const wrong = new Set(r2eDifferences(instance.expectedStatuses, statuses));
  const ids = [...new Set([...instance.expectedStatuses.map(([test]) => test), ...wrong])];
  const tests: TestReport = {
    failToPass: {
      success: ids.filter((id) => !wrong.has(id)),
      failure: ids.filter((id) => wrong.has(id)),
    },
    passToPass: { success: [], failure: [] },
  };
  return gradeResults(statuses, tests);
}
