import type { SweInstance } from "../instances/instance.ts";
import { readEvaluationLog, type EvaluationLog } from "./evaluation-log.ts";
import { infrastructureSign } from "./infrastructure.ts";
import { logParser } from "./log-parsers.ts";
import { parseR2e, r2eDifferences } from "./r2e-log.ts";
import { resolutionOf, sweBenchReport, type Resolution, type TestReport } from "./report.ts";
import type { StrictReason } from "./strict-reason.ts";
import { readSweSmithLog, sweSmithReport } from "./swe-smith-log.ts";
import type { StatusMap } from "./status.ts";

/** The verdict on one evaluation log. */
export interface Grade {
  /** Whether the log holds results that can be believed. */
  readonly isFound: boolean;
  /** Why not, where it does not: `markers_missing`, `patch_apply_failed`, ... */
  readonly reason?: NonNullable<EvaluationLog["reason"]> | StrictReason | "no_patch";
  /** The verdict: everything fixed, nothing broken. */
  readonly isResolved: boolean;
  readonly resolution: Resolution;
  /** The expected tests by outcome; absent where nothing was found. */
  readonly tests?: TestReport;
  /** Every test of the log. */
  readonly statuses: StatusMap;
  /**
   * Whether the log reads as if the environment had failed, by the official harness's patterns. A
   * remark for reports: a patch can print such text, so it never changes the verdict or the reward.
   */
  readonly isInfrastructureFailure: boolean;
  /** Pattern that the log matches, of either tier: `out_of_memory`, `missing_module`. */
  readonly infrastructureReason?: string;
  /** Payment of a trainer: 1 resolved, 0 not. */
  readonly reward: 0 | 1;
}

function unfound(log: string, { reason, statuses }: EvaluationLog): Grade {
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

function found(statuses: StatusMap, tests: TestReport): Grade {
  const resolution = resolutionOf(tests);
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
 * Grades the log of an evaluation as the official harness of the instance's format does: SWE-bench
 * 5.0.1, SWE-smith, or R2E-Gym. Pure; the log is the only witness.
 * @param log - The output of the eval script, both streams, as text.
 * @param patch - The patch that was evaluated; `null` (the agent gave none) is not resolved,
 *   whatever the log says.
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
    if (!read.isFound) return unfound(log, read);
    return found(read.statuses, sweBenchReport(instance, read.statuses, instance.evalType));
  }
  if (instance.format === "swe-smith") {
    const read = readSweSmithLog(log);
    if (!read.isFound) return unfound(log, read);
    return found(read.statuses, sweSmithReport(instance, read.statuses));
  }
  const statuses = parseR2e(log);
  if (statuses.size === 0) return unfound(log, { isFound: false, reason: "no_results", statuses });
  const wrong = new Set(r2eDifferences(instance.expectedStatuses, statuses));
  const ids = [...new Set([...instance.expectedStatuses.map(([test]) => test), ...wrong])];
  const tests: TestReport = {
    failToPass: {
      success: ids.filter((id) => !wrong.has(id)),
      failure: ids.filter((id) => wrong.has(id)),
    },
    passToPass: { success: [], failure: [] },
  };
  return found(statuses, tests);
}
