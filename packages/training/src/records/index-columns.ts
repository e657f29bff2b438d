/** Types of columns. A string column contains positions in the index's table of strings. */
export type ColumnKind = "uint8" | "uint32" | "float32" | "float64" | "string";

/**
 * Columns of a trajectory index, one entry for each trajectory of the segment. In a float column,
 * NaN means that the trajectory has no value.
 */
export const indexColumns = {
  /** Number of the iteration; for an evaluation, the number of iterations before it. */
  iteration: "uint32",
  /** Index of the group in the segment, from 0. */
  group: "uint32",
  /** Index of the trajectory in its group, from 0. */
  trajectory: "uint32",
  /** The task's id. */
  task: "string",
  /** The task's kind. */
  kind: "string",
  /** Seed of the run. */
  seed: "float64",
  /** Sum of the rewards, undiscounted, without penalties. */
  return: "float64",
  /** 1 if the environment ended the episode as solved, otherwise 0. */
  success: "uint8",
  /** The benchmark's score after the last turn, in [0, 1]. */
  score: "float64",
  turns: "uint32",
  /** Number of response tokens. */
  tokens: "uint32",
  /**
   * Mean entropy over all response tokens, nats, from the learner before the update, or from the
   * sampler.
   */
  entropy: "float32",
  /** Smallest coefficient of the responses; `coefficientMax`: the largest. */
  coefficientMin: "float32",
  coefficientMax: "float32",
  /** Mean over the trained response tokens of the advantage in the loss. */
  advantage: "float32",
  /** `success`, `failure`, `truncated:LIMIT` or `failed:KIND`. */
  outcome: "string",
  /** `TrajectoryStatus`, or `unknown` for records of version 1. */
  status: "string",
  /** Offset of the trajectory's gzip member in the packed file, bytes. */
  offset: "float64",
  /** Length of that member, bytes. */
  length: "uint32",
} as const satisfies Readonly<Record<string, ColumnKind>>;

/** Name of a column. */
export type ColumnName = keyof typeof indexColumns;

interface ColumnArrays {
  readonly uint8: Uint8Array;
  readonly uint32: Uint32Array;
  readonly float32: Float32Array;
  readonly float64: Float64Array;
  readonly string: Uint32Array;
}

/** Columns of an index as typed arrays. */
export type IndexColumns = {
  readonly [Name in ColumnName]: ColumnArrays[(typeof indexColumns)[Name]];
};

/** Columns that describe the trajectory itself, as opposed to its position in a packed file. */
export type TrajectorySummary = {
  readonly [
    Name in Exclude<ColumnName, "offset" | "length">
  ]: (typeof indexColumns)[Name] extends "string" ? string : number;
};

/** Row of an index, with strings instead of string positions. */
export type IndexRow = {
  readonly [Name in ColumnName]: (typeof indexColumns)[Name] extends "string" ? string : number;
};

/** Names of all columns, in the order in which they are stored. */
export const columnNames: readonly ColumnName[] = Object.keys(indexColumns) as ColumnName[];

/** Bytes per entry of each column type. */
export const columnBytes: Readonly<Record<ColumnKind, number>> = {
  uint8: 1,
  uint32: 4,
  float32: 4,
  float64: 8,
  string: 4,
};
