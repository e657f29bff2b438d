import {
  failureKinds,
  isGraded,
  isInfrastructure,
  isSuccess,
  trajectoryReturn,
  type Group,
  type Trajectory,
  type UpdateReport,
} from "@turnwise/core";
import { metricMeans } from "@turnwise/estimators";
import type { CreditedRow } from "./credit.ts";

/** Metrics by name; `docs/metrics.md` says what each means. No entry is NaN: what has no value is absent. */
export type Metrics = Readonly<Record<string, number>>;

function meanOf<T>(values: readonly T[], measure: (value: T) => number): number {
  return values.reduce((total, value) => total + measure(value), 0) / values.length;
}

/** Leaves out what is not a number: the mean of nothing. */
function defined(metrics: Record<string, number>): Metrics {
  return Object.fromEntries(Object.entries(metrics).filter(([, value]) => Number.isFinite(value)));
}

/** What a trajectory was paid, less the penalties of its responses. */
function penalizedReturn(trajectory: Trajectory): number {
  const penalties = trajectory.turns.map(({ penalty = 0 }) => penalty);
  return trajectoryReturn(trajectory) - penalties.reduce((sum, penalty) => sum + penalty, 0);
}

/** The benchmark's measure at the end; NaN where it has none. */
function finalScore({ turns }: Trajectory): number {
  return turns.length === 0 ? 0 : (turns.at(-1)!.score ?? Number.NaN);
}

/** Counts of failed trajectories: all, the infrastructure's, and of each kind that occurred. */
function failureMetrics(trajectories: readonly Trajectory[]): Metrics {
  const kinds = trajectories.flatMap(({ outcome }) =>
    outcome.kind === "failed" ? [outcome.error.kind] : [],
  );
  const byKind = failureKinds.flatMap((kind): [string, number][] => {
    const count = kinds.filter((entry) => entry === kind).length;
    return count === 0 ? [] : [[`failed${kind[0]!.toUpperCase()}${kind.slice(1)}`, count]];
  });
  return {
    failed: kinds.length,
    failedInfrastructure: kinds.filter(isInfrastructure).length,
    ...Object.fromEntries(byKind),
  };
}

/** How trajectories went: means over those that were graded, and counts of those that failed. */
export function trajectoryMetrics(all: readonly Trajectory[]): Metrics {
  const trajectories = all.filter(isGraded);
  const turns = trajectories.flatMap((trajectory) => trajectory.turns);
  const sampled = turns.flatMap(({ samplerEntropies = [] }) => samplerEntropies);
  return defined({
    episodes: all.length,
    graded: trajectories.length,
    success: meanOf(trajectories, (trajectory) => (isSuccess(trajectory) ? 1 : 0)),
    score: meanOf(trajectories, finalScore),
    return: meanOf(trajectories, penalizedReturn),
    turns: meanOf(trajectories, (trajectory) => trajectory.turns.length),
    responseTokens: meanOf(turns, ({ responseTokens }) => responseTokens.length),
    invalidActions: meanOf(turns, ({ isValidAction }) => (isValidAction ? 0 : 1)),
    entropy: meanOf(sampled, (entropy) => entropy),
    ...failureMetrics(all),
    truncated: meanOf(trajectories, ({ outcome }) => (outcome.kind === "truncated" ? 1 : 0)),
  });
}

/** Success rates of graded trajectories by kind of task, in the order of their names. */
export function successByKind(all: readonly Trajectory[]): Metrics {
  const trajectories = all.filter(isGraded);
  const kinds = [...new Set(trajectories.map(({ taskKind }) => taskKind))].sort();
  return Object.fromEntries(
    kinds.map((kind) => {
      const ofKind = trajectories.filter(({ taskKind }) => taskKind === kind);
      return [kind, meanOf(ofKind, (trajectory) => (isSuccess(trajectory) ? 1 : 0))];
    }),
  );
}

/** What credit was given: base advantages, AEM's coefficients, and how entropy lies among them. */
export function creditMetrics(groups: readonly Group[], rows: readonly CreditedRow[]): Metrics {
  const responses = rows.flatMap((row) => row.responses);
  const positive = responses.filter(({ baseAdvantage }) => baseAdvantage > 0);
  const negative = responses.filter(({ baseAdvantage }) => baseAdvantage < 0);
  const groupIndices = [...new Set(rows.map(({ groupIndex }) => groupIndex))];
  const numFlat = groupIndices.filter((index) =>
    rows.every(
      (row) =>
        row.groupIndex !== index || row.responses.every(({ coefficient }) => coefficient === 1),
    ),
  ).length;
  const coefficients = responses.map(({ coefficient }) => coefficient);
  const differences = rows.flatMap(({ groupIndex, trajectoryIndex, responses: ofRow }) => {
    const { turns } = groups[groupIndex]!.trajectories[trajectoryIndex]!;
    return ofRow.flatMap(({ turnIndex, oldLogProbs }) =>
      turns[turnIndex]!.samplerLogProbs.map((logProb, token) =>
        Math.abs(logProb - oldLogProbs[token]!),
      ),
    );
  });
  return defined({
    responses: responses.length,
    meanTokenEntropy: meanOf(responses, ({ meanTokenEntropy }) => meanTokenEntropy),
    meanTokenEntropyPositive: meanOf(positive, ({ meanTokenEntropy }) => meanTokenEntropy),
    meanTokenEntropyNegative: meanOf(negative, ({ meanTokenEntropy }) => meanTokenEntropy),
    positiveShare: positive.length / responses.length,
    modulatedPositive: meanOf(positive, (entry) => entry.baseAdvantage * entry.coefficient),
    modulatedNegative: meanOf(negative, (entry) => entry.baseAdvantage * entry.coefficient),
    coefficientMin: coefficients.reduce((low, value) => Math.min(low, value), Infinity),
    coefficientMax: coefficients.reduce((high, value) => Math.max(high, value), -Infinity),
    deadZoneShare: numFlat / groupIndices.length,
    samplerDifferenceMax: differences.reduce((high, value) => Math.max(high, value), -Infinity),
  });
}

/** What the optimizer steps of an iteration report, each averaged over them. */
export function updateMetrics(updates: readonly UpdateReport[]): Metrics {
  const means = updates.map(({ metrics }) => metricMeans(metrics));
  const names = Object.keys(means[0] ?? {});
  return defined({
    loss: meanOf(updates, ({ loss }) => loss),
    gradientNorm: meanOf(updates, ({ gradientNorm }) => gradientNorm),
    learningRate: updates.at(-1)?.learningRate ?? Number.NaN,
    updates: updates.length,
    ...Object.fromEntries(names.map((name) => [name, meanOf(means, (metrics) => metrics[name]!)])),
  });
}
