/**
 * Criterion for the expected tests of an instance: all must pass (`pass_and_fail`), or none may be
 * reported as failed (`fail_only`).
 */
export type EvalType = "pass_and_fail" | "fail_only";

/** Fields common to the three formats. */
interface InstanceBase {
  /** Id within the data set: `astropy__astropy-12907`. */
  readonly id: string;
  /** `owner/name`, or the short name if the format has no owner. */
  readonly repo: string;
  /** Container image with the repository and its dependencies. */
  readonly image: string;
  /** Folder of the repository in the image; absent for `/testbed`. */
  readonly folder?: string;
  /**
   * Absolute paths in the image that reveal the fix or the tests; removed before an agent starts.
   */
  readonly hidden?: readonly string[];
  /** Issue text for the agent. Line breaks are unchanged. */
  readonly problemStatement: string;
  /** The project's fix, a unified diff; never shown to the agent. */
  readonly goldPatch: string;
}

/** An instance of SWE-bench, Lite, Verified, or of a data set with the same fields. */
export interface SweBenchInstance extends InstanceBase {
  readonly format: "swe-bench";
  readonly version: string;
  /** Commit that the issue was reported against. */
  readonly baseCommit: string;
  /** Tests that decide whether the issue is resolved, a unified diff; never shown to the agent. */
  readonly testPatch: string;
  /** Tests that the fix must make pass. Some ids are cut off within a parameter. */
  readonly failToPass: readonly string[];
  /** Tests that must keep passing. */
  readonly passToPass: readonly string[];
  /** Bash script that applies the test patch and runs the tests. */
  readonly evalScript: string;
  /** Name of the parser for the output of the tests: `parse_log_django`. */
  readonly logParser: string;
  readonly evalType: EvalType;
  /** Estimated time that a person would need, if the data has it (Verified does). */
  readonly difficulty?: string;
  /** Date of the fix's pull request, ISO 8601; `""` if the data has none. */
  readonly createdAt: string;
}

/** An instance of R2E-Gym: a commit, with the outcome of every test after it. */
export interface R2eGymInstance extends InstanceBase {
  readonly format: "r2e-gym";
  /** Commit that fixes the issue. */
  readonly commit: string;
  /** Required status of every test, in the order of the data; some must fail. */
  readonly expectedStatuses: readonly (readonly [test: string, status: string])[];
}

/** An instance of SWE-smith: a repository with an injected bug. */
export interface SweSmithInstance extends InstanceBase {
  readonly format: "swe-smith";
  readonly baseCommit: string;
  /** Bug, a unified diff; the fix is its reverse. */
  readonly bugPatch: string;
  readonly failToPass: readonly string[];
  readonly passToPass: readonly string[];
}

/** A software-engineering task. Plain data: survives `structuredClone` and JSON. */
export type SweInstance = SweBenchInstance | R2eGymInstance | SweSmithInstance;
