import { failureKinds, type Outcome } from "@turnwise/core";
import type { TrajectorySummary } from "./index-columns.ts";
import type { RecordedTrajectory, RecordedTurn } from "./recorded-trajectory.ts";

/** Place of a trajectory that its record does not hold. */
export interface TrajectoryPlace {
  readonly iteration: number;
  /** Position of its group in the segment. */
  readonly group: number;
  readonly seed: number;
}

/** Values of a trajectory for the index. */
export function summarizeTrajectory(
  trajectory: RecordedTrajectory,
  place: TrajectoryPlace,
): TrajectorySummary {
  const { turns, outcome } = trajectory;
  const coefficients = turns.flatMap(({ credit }) => (credit ? [credit.coefficient] : []));
  let total = 0;
  let numTokens = 0;
  for (const turn of turns) {
    total += turn.reward;
    numTokens += turn.responseTokens.length;
  }
  return {
    ...place,
    trajectory: trajectory.trajectoryIndex,
    task: trajectory.taskId,
    kind: trajectory.taskKind,
    return: total,
    success: outcome.kind === "terminated" && outcome.isSuccess ? 1 : 0,
    score: turns.at(-1)?.score ?? Number.NaN,
    turns: turns.length,
    tokens: numTokens,
    entropy: meanOf(turns, ({ credit, samplerEntropies }) => credit?.entropies ?? samplerEntropies),
    coefficientMin: coefficients.reduce((low, value) => Math.min(low, value), Infinity),
    coefficientMax: coefficients.reduce((high, value) => Math.max(high, value), -Infinity),
    ...(coefficients.length === 0 && { coefficientMin: Number.NaN, coefficientMax: Number.NaN }),
    advantage: meanOf(turns, ({ credit, responseTokens }) =>
      typeof credit?.advantage === "number"
        ? responseTokens.map(() => credit.advantage as number)
        : credit?.advantage,
    ),
    outcome: outcomeName(outcome),
    status: trajectory.status ?? "unknown",
  };
}

/** Mean over all tokens that have a value; NaN without any. */
function meanOf(
  turns: readonly RecordedTurn[],
  valuesOf: (turn: RecordedTurn) => readonly number[] | undefined,
): number {
  let total = 0;
  let count = 0;
  for (const turn of turns) {
    const values = valuesOf(turn) ?? [];
    for (const value of values) total += value;
    count += values.length;
  }
  return total / count;
}

/** Name of an outcome in one word: `success`, `failure`, `truncated:LIMIT` or `failed:KIND`. */
function outcomeName(outcome: Outcome): string {
  if (outcome.kind === "terminated") return outcome.isSuccess ? "success" : "failure";
  if (outcome.kind === "truncated") return `truncated:${outcome.limit}`;
  const { kind } = outcome.error;
  return `failed:${failureKinds.includes(kind) ? kind : "unknown"}`;
}
