import type { Group, Trajectory, Turn } from "@turnwise/core";
import type { CreditedRow, ResponseCredit } from "../loop/credit.ts";
import type {
  RatioRange,
  RecordedTrajectory,
  RecordedTurn,
  TrajectoryStatus,
  TurnCredit,
} from "./recorded-trajectory.ts";
import { shortFloat, shortFloats } from "./short-float.ts";

/** Result of an iteration, as far as the record of its trajectories needs it. */
export interface CreditedGroups {
  /** All groups that were played. */
  readonly groups: readonly Group[];
  /** Groups that were trained on, possibly with fewer trajectories. */
  readonly kept: readonly Group[];
  /** Indices refer to `kept`. */
  readonly credited: readonly CreditedRow[];
}

/** The trajectories of an iteration, each with the credit of its responses. */
export function recordTrajectories({
  groups,
  kept,
  credited,
}: CreditedGroups): RecordedTrajectory[] {
  const keptIds = new Set(kept.map(({ id }) => id));
  const credits = new Map<string, Map<number, TurnCredit>>();
  for (const row of credited) {
    const trajectory = kept[row.groupIndex]!.trajectories[row.trajectoryIndex]!;
    const key = keyOf(trajectory);
    const ofTurns = credits.get(key) ?? new Map<number, TurnCredit>();
    credits.set(key, ofTurns);
    let start = 0;
    for (const response of row.responses) {
      const { turnIndex, oldLogProbs } = response;
      const correction = row.correction && {
        isKept: row.correction.isKept.slice(start, start + oldLogProbs.length),
        weights: row.correction.weights.slice(start, start + oldLogProbs.length),
      };
      start += oldLogProbs.length;
      ofTurns.set(turnIndex, turnCredit(trajectory.turns[turnIndex]!, response, correction));
    }
  }
  return groups.flatMap(({ trajectories }) =>
    trajectories.map((trajectory) => {
      const ofTurns = credits.get(keyOf(trajectory));
      const status: TrajectoryStatus =
        ofTurns !== undefined
          ? "trained"
          : keptIds.has(trajectory.groupId)
            ? "left-out"
            : "filtered";
      return recordTrajectory(trajectory, status, ofTurns);
    }),
  );
}

/** The trajectories of an evaluation. */
export function recordEvaluation(groups: readonly Group[]): RecordedTrajectory[] {
  return groups.flatMap(({ trajectories }) =>
    trajectories.map((trajectory) => recordTrajectory(trajectory, "evaluated", undefined)),
  );
}

const keyOf = ({ groupId, trajectoryIndex }: Trajectory): string => `${groupId}/${trajectoryIndex}`;

function recordTrajectory(
  { version, turns, ...rest }: Trajectory,
  status: TrajectoryStatus,
  credits: ReadonlyMap<number, TurnCredit> | undefined,
): RecordedTrajectory {
  return {
    version,
    status,
    ...rest,
    turns: turns.map((turn, turnIndex): RecordedTurn => {
      const credit = credits?.get(turnIndex);
      return {
        ...turn,
        samplerLogProbs: shortFloats(turn.samplerLogProbs),
        ...(turn.samplerEntropies && { samplerEntropies: shortFloats(turn.samplerEntropies) }),
        ...(credit && { credit }),
      };
    }),
  };
}

interface CorrectionPart {
  readonly isKept: readonly boolean[];
  readonly weights: readonly number[];
}

function turnCredit(
  turn: Turn,
  response: ResponseCredit,
  correction: CorrectionPart | undefined,
): TurnCredit {
  const { oldLogProbs, entropies, returns, oldValues } = response;
  const samplerRatio = ratioRange(turn.samplerLogProbs, oldLogProbs);
  return {
    oldLogProbs: shortFloats(oldLogProbs),
    entropies: shortFloats(entropies),
    meanTokenEntropy: shortFloat(response.meanTokenEntropy),
    baseAdvantage: oneOrList(response.advantages),
    coefficient: shortFloat(response.coefficient),
    advantage: oneOrList(response.modulated),
    ...(samplerRatio && { samplerRatio }),
    ...(correction && {
      correction: oneOrList(
        correction.weights.map((weight, token) => (correction.isKept[token]! ? weight : 0)),
      ),
    }),
    ...(returns && { returns: shortFloats(returns) }),
    ...(oldValues && { oldValues: shortFloats(oldValues) }),
  };
}

/** One number where all are equal. */
function oneOrList(values: ArrayLike<number>): number | number[] {
  for (let i = 1; i < values.length; i++) {
    if (values[i] !== values[0]) return shortFloats(values);
  }
  return values.length === 0 ? [] : shortFloat(values[0]!);
}

/** Log-ratios are limited to [-20, 20], as in all statistics of ratios. */
function ratioRange(
  samplerLogProbs: readonly number[],
  oldLogProbs: Float32Array,
): RatioRange | undefined {
  const { length } = oldLogProbs;
  if (samplerLogProbs.length !== length || length === 0) return undefined;
  let total = 0;
  let low = Infinity;
  let high = 0;
  for (let token = 0; token < length; token++) {
    const logRatio = oldLogProbs[token]! - samplerLogProbs[token]!;
    const ratio = Math.exp(Math.min(20, Math.max(-20, logRatio)));
    total += ratio;
    if (ratio < low) low = ratio;
    if (ratio > high) high = ratio;
  }
  return { mean: shortFloat(total / length), min: shortFloat(low), max: shortFloat(high) };
}
