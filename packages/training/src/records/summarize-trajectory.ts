import { failureKinds, sum, type Outcome } from "@turnwise/core";
import type { TrajectorySummary } from "./index-columns.ts";
import type { RecordedTrajectory } from "./recorded-trajectory.ts";

/** Position of a trajectory in its segment; its record does not contain it. */
export interface TrajectoryPosition {
  readonly iteration: number;
  /** Index of the group in the segment. */
  readonly group: number;
  readonly seed: number;
}

/** Computes the index row of a trajectory. */
export function summarizeTrajectory(
  trajectory: RecordedTrajectory,
  position: TrajectoryPosition,
): TrajectorySummary {
  const { turns, outcome } = trajectory;
  let total = 0;
  let numTokens = 0;
  let entropySum = 0;
  let numEntropies = 0;
  let advantageSum = 0;
  let numTrained = 0;
  let numCredits = 0;
  let coefficientMin = Infinity;
  let coefficientMax = -Infinity;
  for (const { reward, responseTokens, samplerEntropies = [], credit } of turns) {
    total += reward;
    numTokens += responseTokens.length;
    if (credit === undefined) {
      entropySum += sum(samplerEntropies);
      numEntropies += samplerEntropies.length;
      continue;
    }
    const { advantage, coefficient, entropies, meanTokenEntropy } = credit;
    entropySum += meanTokenEntropy * entropies.length;
    numEntropies += entropies.length;
    numCredits += 1;
    coefficientMin = Math.min(coefficientMin, coefficient);
    coefficientMax = Math.max(coefficientMax, coefficient);
    numTrained += responseTokens.length;
    advantageSum +=
      typeof advantage === "number" ? advantage * responseTokens.length : sum(advantage);
  }
  return {
    ...position,
    trajectory: trajectory.trajectoryIndex,
    task: trajectory.taskId,
    kind: trajectory.taskKind,
    return: total,
    success: outcome.kind === "terminated" && outcome.isSuccess ? 1 : 0,
    score: turns.at(-1)?.score ?? Number.NaN,
    turns: turns.length,
    tokens: numTokens,
    entropy: entropySum / numEntropies,
    coefficientMin: numCredits === 0 ? Number.NaN : coefficientMin,
    coefficientMax: numCredits === 0 ? Number.NaN : coefficientMax,
    advantage: advantageSum / numTrained,
    outcome: nameOutcome(outcome),
    status: trajectory.status ?? "unknown",
  };
}

/** Names an outcome in one word: `success`, `failure`, `truncated:LIMIT` or `failed:KIND`. */
export function nameOutcome(outcome: Outcome): string {
  if (outcome.kind === "terminated") return outcome.isSuccess ? "success" : "failure";
  if (outcome.kind === "truncated") return `truncated:${outcome.limit}`;
  const { kind } = outcome.error;
  return `failed:${failureKinds.includes(kind) ? kind : "unknown"}`;
}
