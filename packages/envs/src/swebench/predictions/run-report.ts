/** Result of one prediction. */
export type PredictionResult =
  | "resolved"
  | "unresolved"
  /** The model gave no patch. */
  | "empty"
  /** The infrastructure failed: no verdict. */
  | "error";

/** Report on the predictions of one model, in the format of SWE-bench's `<model>.<run>.json`. */
export interface RunReport {
  readonly total_instances: number;
  readonly submitted_instances: number;
  readonly completed_instances: number;
  readonly resolved_instances: number;
  readonly unresolved_instances: number;
  readonly empty_patch_instances: number;
  readonly error_instances: number;
  readonly completed_ids: readonly string[];
  readonly incomplete_ids: readonly string[];
  readonly empty_patch_ids: readonly string[];
  readonly submitted_ids: readonly string[];
  readonly resolved_ids: readonly string[];
  readonly unresolved_ids: readonly string[];
  readonly error_ids: readonly string[];
  readonly schema_version: 2;
}

/**
 * Counts results like the official harness.
 * @param instanceIds - All instances of the data set.
 * @param results - Results by instance id, for instances that have a prediction.
 */
export function runReport(
  instanceIds: readonly string[],
  results: ReadonlyMap<string, PredictionResult>,
): RunReport {
  const idsWith = (...kinds: readonly PredictionResult[]): string[] =>
    [...results]
      .filter(([, result]) => kinds.includes(result))
      .map(([id]) => id)
      .toSorted();
  const completed = idsWith("resolved", "unresolved");
  const [resolved, unresolved] = [idsWith("resolved"), idsWith("unresolved")];
  const [empty, error] = [idsWith("empty"), idsWith("error")];
  return {
    total_instances: instanceIds.length,
    submitted_instances: results.size,
    completed_instances: completed.length,
    resolved_instances: resolved.length,
    unresolved_instances: unresolved.length,
    empty_patch_instances: empty.length,
    error_instances: error.length,
    completed_ids: completed,
    incomplete_ids: instanceIds.filter((id) => !results.has(id)).toSorted(),
    empty_patch_ids: empty,
    submitted_ids: [...results.keys()].toSorted(),
    resolved_ids: resolved,
    unresolved_ids: unresolved,
    error_ids: error,
    schema_version: 2,
  };
}
