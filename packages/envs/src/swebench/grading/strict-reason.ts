/** Reason why strict grading rejects the results of a run. */
export type StrictReason =
  | "tests_timed_out"
  | "setup_failed"
  | "output_incomplete"
  | "harness_pipe_written"
  | "markers_forged"
  | "environment_changed"
  | "report_missing"
  | "report_incomplete"
  | "report_forged"
  | "framework_patched"
  | "outcome_forged"
  | "tests_missing"
  | "process_inspected"
  | "exit_code_contradicts";
