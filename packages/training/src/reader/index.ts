export type { EnvironmentState } from "@turnwise/core";
export {
  advisoryLimits,
  listAdvisories,
  type Advisory,
  type AdvisoryName,
  type RunRecords,
} from "./advisories.ts";
export { createBlobSource } from "./blob-source.ts";
export { compareSiblings, type SharedTurns, type SiblingComparison } from "./compare-siblings.ts";
export { readSavedEvaluation, type RecordedEvaluation } from "./read-saved-evaluation.ts";
export { readRunRecords } from "./read-run-records.ts";
export { readSummary, type RunSummary } from "./read-summary.ts";
export { describeState } from "./describe-state.ts";
export { countGroups, type GroupCounts } from "./count-groups.ts";
export {
  readConfig,
  readManifest,
  readMetrics,
  readProgress,
  readTimings,
  type JsonObject,
  type RecordedMetrics,
  type RunProgress,
  type RunState,
} from "./read-run.ts";
export {
  packedIndexesPath,
  maxHeadBytes,
  packIndex,
  parseIndexEntry,
  type IndexEntry,
  type PackedIndex,
} from "./packed-indexes.ts";
export {
  listSegments,
  readEpisodes,
  readIndexes,
  readTrajectory,
  type ReadSegment,
  type Segment,
  type SegmentEpisodes,
} from "./read-trajectories.ts";
export { isPageFile, type ListedRun, type RunList } from "./run-list.ts";
export type { ByteRange, RunSource } from "./run-source.ts";
export { createUrlSource, type UrlSourceOptions } from "./url-source.ts";
export {
  columnNames,
  indexColumns,
  type ColumnKind,
  type ColumnName,
  type IndexColumns,
  type IndexRow,
} from "../records/index-columns.ts";
export { readIndexRow, type TrajectoryIndex } from "../records/index-file.ts";
export type {
  RatioRange,
  RecordedTrajectory,
  RecordedTurn,
  TrajectoryStatus,
  TurnCredit,
} from "../records/recorded-trajectory.ts";
