/** How the expected tests of an instance are judged: all of them, or only those seen failing. */
export type EvalType = "pass_and_fail" | "fail_only";

/** What the three formats have in common. */
interface InstanceBase {
  /** Names the instance within its data set: `astropy__astropy-12907`. */
  readonly id: string;
  /** `owner/name`, or the short name where the format has no owner. */
  readonly repo: string;
  /** The container image that holds the repository with all its dependencies. */
  readonly image: string;
  /** Folder of the repository in the image; absent for `/testbed`. */
  readonly folder?: string;
  /** Absolute paths in the image that tell the fix or the tests; removed before an agent starts. */
  readonly hidden?: readonly string[];
  /** The issue, as the agent sees it. Line ends are kept as they are in the data. */
  readonly problemStatement: string;
  /** The fix of the project, a unified diff; never shown to the agent. */
  readonly goldPatch: string;
}

/** An instance of SWE-bench, Lite, Verified, or of a data set with the same fields. */
export interface SweBenchInstance extends InstanceBase {
  readonly format: "swe-bench";
  readonly version: string;
  /** The commit that the issue was reported against. */
  readonly baseCommit: string;
  /** The tests that decide, a unified diff; never shown to the agent. */
  readonly testPatch: string;
  /** Tests that the fix must make pass. Some ids are cut off within a parameter. */
  readonly failToPass: readonly string[];
  /** Tests that must keep passing. */
  readonly passToPass: readonly string[];
  /** A bash script that applies the test patch and runs the tests. */
  readonly evalScript: string;
  /** How the output of the tests is read: `parse_log_django`. */
  readonly logParser: string;
  readonly evalType: EvalType;
  /** How long a person would need, where the data says so (Verified does). */
  readonly difficulty?: string;
  /** When the fix was proposed, ISO 8601; empty where the data does not say. */
  readonly createdAt: string;
}

/** An instance of R2E-Gym: a commit, with the outcome of every test after it. */
export interface R2eGymInstance extends InstanceBase {
  readonly format: "r2e-gym";
  /** The commit that fixes the issue. */
  readonly commit: string;
  /** Every test and the status it must have, in the order of the data; some must fail. */
  readonly expectedStatuses: readonly (readonly [test: string, status: string])[];
}

/** An instance of SWE-smith: a repository with a bug put in. */
export interface SweSmithInstance extends InstanceBase {
  readonly format: "swe-smith";
  readonly baseCommit: string;
  /** The bug, a unified diff; the fix is its reverse. */
  readonly bugPatch: string;
  readonly failToPass: readonly string[];
  readonly passToPass: readonly string[];
}

/** One software-engineering task. Plain data: it survives `structuredClone` and JSON. */
export type SweInstance = SweBenchInstance | R2eGymInstance | SweSmithInstance;
