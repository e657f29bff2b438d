import type { Group, Trajectory, Turn } from "@turnwise/core";
import type { CreditedRow, ResponseCredit } from "../loop/credit.ts";
import type {
  RatioRange,
  RecordedTrajectory,
  RecordedTurn,
  TrajectoryStatus,
  TurnCredit,
} from "./recorded-trajectory.ts";

/** Results of an iteration that are needed to record its trajectories. */
export interface CreditedGroups {
  /** All groups that were played. */
  readonly groups: readonly Group[];
  /** Groups that were trained on, possibly without some of their trajectories. */
  readonly kept: readonly Group[];
  /** Credit of the rows; group indices refer to `kept`. */
  readonly credited: readonly CreditedRow[];
}

/**
 * Records the trajectories of an iteration, each with the credit of its responses. Records are created
 * lazily, so only one is in memory at a time.
 */
export function* recordTrajectories({
  groups,
  kept,
  credited,
}: CreditedGroups): Generator<RecordedTrajectory> {
  const keptIds = new Set(kept.map(({ id }) => id));
  const rows = new Map<string, CreditedRow[]>();
  for (const row of credited) {
    const key = formatKey(kept[row.groupIndex]!.trajectories[row.trajectoryIndex]!);
    const known = rows.get(key);
    if (known === undefined) rows.set(key, [row]);
    else known.push(row);
  }
  for (const trajectory of groups.flatMap(({ trajectories }) => trajectories)) {
    const ofTrajectory = rows.get(formatKey(trajectory));
    const unused = keptIds.has(trajectory.groupId) ? "left-out" : "filtered";
    const status = ofTrajectory === undefined ? unused : "trained";
    yield recordTrajectory(trajectory, status, creditTurns(trajectory, ofTrajectory ?? []));
  }
}

/** Collects the credit of the trained turns of a trajectory, by turn index. */
function creditTurns(
  { turns }: Trajectory,
  rows: readonly CreditedRow[],
): (TurnCredit | undefined)[] {
  const credits: (TurnCredit | undefined)[] = turns.map(() => undefined);
  for (const { responses, correction } of rows) {
    let start = 0;
    for (const response of responses) {
      const { turnIndex, oldLogProbs } = response;
      const end = start + oldLogProbs.length;
      const part = correction && {
        isKept: correction.isKept.slice(start, end),
        weights: correction.weights.slice(start, end),
      };
      start = end;
      credits[turnIndex] = toTurnCredit(turns[turnIndex]!, response, part);
    }
  }
  return credits;
}

/** Records the trajectories of an evaluation. */
export function* recordEvaluation(groups: readonly Group[]): Generator<RecordedTrajectory> {
  for (const { trajectories } of groups) {
    for (const trajectory of trajectories) yield recordTrajectory(trajectory, "evaluated", []);
  }
}

const formatKey = ({ groupId, trajectoryIndex }: Trajectory): string =>
  `${groupId}/${trajectoryIndex}`;

function recordTrajectory(
  { version, turns, ...rest }: Trajectory,
  status: TrajectoryStatus,
  credits: readonly (TurnCredit | undefined)[],
): RecordedTrajectory {
  return {
    version,
    status,
    ...rest,
    turns: turns.map((turn, turnIndex): RecordedTurn => {
      const credit = credits[turnIndex];
      // Spread `turn` last: V8 gives every object that is extended after a spread its own hidden
      // class.
      return credit ? { credit, ...turn } : turn;
    }),
  };
}

interface CorrectionPart {
  readonly isKept: readonly boolean[];
  readonly weights: readonly number[];
}

function toTurnCredit(
  turn: Turn,
  response: ResponseCredit,
  correction: CorrectionPart | undefined,
): TurnCredit {
  const { oldLogProbs, entropies, returns, oldValues } = response;
  const samplerRatio = computeRatioRange(turn.samplerLogProbs, oldLogProbs);
  // Assign fields one by one, because spreads are several times slower.
  const credit: Mutable<TurnCredit> = {
    oldLogProbs: toList(oldLogProbs),
    entropies: toList(entropies),
    meanTokenEntropy: response.meanTokenEntropy,
    baseAdvantage: toOneOrList(response.advantages),
    coefficient: response.coefficient,
    advantage: toOneOrList(response.modulated),
  };
  if (samplerRatio !== undefined) credit.samplerRatio = samplerRatio;
  if (correction !== undefined) {
    const { isKept, weights } = correction;
    credit.correction = toOneOrList(weights.map((weight, token) => (isKept[token]! ? weight : 0)));
  }
  if (returns !== undefined) credit.returns = toList(returns);
  if (oldValues !== undefined) credit.oldValues = toList(oldValues);
  return credit;
}

type Mutable<Record> = { -readonly [Name in keyof Record]: Record[Name] };

/** Copies values to a list. For short arrays `Array.from` is ten times slower. */
function toList(values: ArrayLike<number>): number[] {
  const list: number[] = [];
  for (let i = 0; i < values.length; i++) list.push(values[i]!);
  return list;
}

/** Returns a single number if all values are equal, otherwise a list. */
function toOneOrList(values: ArrayLike<number>): number | number[] {
  for (let i = 1; i < values.length; i++) {
    if (values[i] !== values[0]) return toList(values);
  }
  return values.length === 0 ? [] : values[0]!;
}

/**
 * Computes minimum, mean and maximum of the ratio; log-ratios are clamped to [-20, 20], as in all
 * ratio statistics.
 */
function computeRatioRange(
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
  return { mean: total / length, min: low, max: high };
}
