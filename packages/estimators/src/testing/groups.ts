import { recordVersion, type Group, type Outcome, type ScoredRow, type Turn } from "@turnwise/core";
import { batchRows } from "../algorithm/batch-rows.ts";

/** Fields of a turn that estimators read. */
export interface TurnCase {
  readonly reward?: number;
  readonly penalty?: number;
  /** Number of response tokens. Default 1. */
  readonly length?: number;
  readonly observation?: string;
}

/** Trajectory given by its turns and its outcome (default: success). */
export interface TrajectoryCase {
  readonly turns: readonly TurnCase[];
  readonly outcome?: Outcome;
}

/** Creates a group of trajectories, for tests. */
export function createGroup(
  id: string,
  trajectories: readonly TrajectoryCase[],
  presentation: "turn-wise" | "concatenated" = "concatenated",
): Group {
  return {
    id,
    task: { id, kind: "k" },
    trajectories: trajectories.map(
      ({ turns, outcome = { kind: "terminated", isSuccess: true } }, trajectoryIndex) => ({
        version: recordVersion,
        taskId: id,
        taskKind: "k",
        groupId: id,
        trajectoryIndex,
        presentation,
        policyVersion: 0,
        firstObservation: "start",
        turns: turns.map(({ reward = 0, penalty = 0, length = 1, observation = "" }): Turn => ({
          promptTokens: [7],
          responseTokens: Array<number>(length).fill(5),
          samplerLogProbs: Array<number>(length).fill(-1),
          action: "",
          isValidAction: true,
          observation,
          reward,
          penalty,
        })),
        outcome,
      }),
    ),
  };
}

/** Creates a group with the given returns; each trajectory has one turn of one token. */
export function createGroupOfReturns(id: string, returns: readonly number[]): Group {
  return createGroup(
    id,
    returns.map((reward) => ({ turns: [{ reward }] })),
  );
}

/**
 * Creates the scores of all rows of groups; each quantity is taken token by token from a flat list.
 */
export function createScores(
  groups: readonly Group[],
  {
    logProbs,
    values,
  }: { readonly logProbs?: readonly number[]; readonly values?: readonly number[] } = {},
): ScoredRow[] {
  let next = 0;
  return batchRows(groups).map(({ row }) => ({
    spans: row.spans.map(({ length }) => {
      const start = next;
      next += length;
      const part = (list: readonly number[]): Float32Array =>
        Float32Array.from({ length }, (_, token) => list[start + token]!);
      return {
        logProbs: logProbs ? part(logProbs) : new Float32Array(length).fill(-1),
        entropies: new Float32Array(length).fill(1),
        ...(values && { values: part(values) }),
      };
    }),
  }));
}
