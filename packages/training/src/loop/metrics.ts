import { diagnoseModulation } from "@turnwise/aem";
import {
  failureKinds,
  isGraded,
  isInfrastructure,
  isSuccess,
  mean,
  trajectoryReturn,
  type Group,
  type Trajectory,
  type UpdateReport,
} from "@turnwise/core";
import { metricMeans } from "@turnwise/estimators";
import type { CreditedRow } from "./credit.ts";
import { measureMismatch } from "./measure-mismatch.ts";

/**
 * Metrics by name; `docs/metrics.md` defines each. No value is NaN: a metric without a value is
 * absent.
 */
export type Metrics = Readonly<Record<string, number>>;

function computeMean<T>(values: readonly T[], measure: (value: T) => number): number {
  return values.reduce((total, value) => total + measure(value), 0) / values.length;
}

/** Drops metrics without a value, such as means over no entries. */
function dropMissing(metrics: Readonly<Record<string, number | undefined>>): Metrics {
  return Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]) =>
      value !== undefined && Number.isFinite(value) ? [[name, value]] : [],
    ),
  );
}

/** Computes the return of a trajectory minus the penalties of its responses. */
function computePenalizedReturn(trajectory: Trajectory): number {
  const penalties = trajectory.turns.map(({ penalty = 0 }) => penalty);
  return trajectoryReturn(trajectory) - penalties.reduce((sum, penalty) => sum + penalty, 0);
}

/** Reads the benchmark's score after the last turn; NaN if there is no score. */
function readFinalScore({ turns }: Trajectory): number {
  return turns.length === 0 ? 0 : (turns.at(-1)!.score ?? Number.NaN);
}

/** Counts failed trajectories: all, infrastructure failures, and each kind of failure. */
function countFailures(trajectories: readonly Trajectory[]): Metrics {
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

/**
 * Computes the metrics of trajectories: means over graded trajectories, and counts of failed ones.
 */
export function measureTrajectories(all: readonly Trajectory[]): Metrics {
  const trajectories = all.filter(isGraded);
  const turns = trajectories.flatMap((trajectory) => trajectory.turns);
  const sampled = turns.flatMap(({ samplerEntropies = [] }) => samplerEntropies);
  return dropMissing({
    episodes: all.length,
    graded: trajectories.length,
    success: computeMean(trajectories, (trajectory) => (isSuccess(trajectory) ? 1 : 0)),
    score: computeMean(trajectories, readFinalScore),
    return: computeMean(trajectories, computePenalizedReturn),
    turns: computeMean(trajectories, (trajectory) => trajectory.turns.length),
    responseTokens: computeMean(
      turns,
      ({ responseTokens, usage }) => usage?.responseTokens ?? responseTokens.length,
    ),
    invalidActions: computeMean(turns, ({ isValidAction }) => (isValidAction ? 0 : 1)),
    entropy: computeMean(sampled, (entropy) => entropy),
    ...countFailures(all),
    truncated: computeMean(trajectories, ({ outcome }) => (outcome.kind === "truncated" ? 1 : 0)),
  });
}

/** Computes success rates of graded trajectories by kind of task, sorted by kind. */
export function computeSuccessByKind(all: readonly Trajectory[]): Metrics {
  const trajectories = all.filter(isGraded);
  const kinds = [...new Set(trajectories.map(({ taskKind }) => taskKind))].sort();
  return Object.fromEntries(
    kinds.map((kind) => {
      const ofKind = trajectories.filter(({ taskKind }) => taskKind === kind);
      return [kind, computeMean(ofKind, (trajectory) => (isSuccess(trajectory) ? 1 : 0))];
    }),
  );
}

/**
 * Computes the credit metrics of a batch: advantages, coefficients, entropies, and the mismatch
 * between sampler and learner.
 */
export function measureCredit(groups: readonly Group[], rows: readonly CreditedRow[]): Metrics {
  const responses = rows.flatMap((row) => row.responses);
  const diagnostics = diagnoseModulation({
    advantages: responses.map(({ baseAdvantage }) => baseAdvantage),
    entropies: responses.map(({ meanTokenEntropy }) => meanTokenEntropy),
    groups: rows.flatMap(({ groupIndex, responses: own }) => own.map(() => groupIndex)),
    coefficients: responses.map(({ coefficient }) => coefficient),
    modulated: responses.map(({ modulated }) => mean(modulated)),
  });
  return dropMissing({
    responses: diagnostics.numResponses,
    meanTokenEntropy: diagnostics.meanEntropy,
    meanTokenEntropyPositive: diagnostics.positiveEntropy,
    meanTokenEntropyNegative: diagnostics.negativeEntropy,
    positiveShare: diagnostics.numPositive / diagnostics.numResponses,
    modulatedPositive: diagnostics.meanPositiveAdvantage,
    modulatedNegative: diagnostics.meanNegativeAdvantage,
    coefficientMin: diagnostics.minCoefficient,
    coefficientMax: diagnostics.maxCoefficient,
    deadZoneShare: diagnostics.deadZoneShare,
    ...measureMismatch(groups, rows),
  });
}

/** Averages the reports of the optimizer steps of an iteration. */
export function averageUpdates(updates: readonly UpdateReport[]): Metrics {
  const means = updates.map(({ metrics }) => metricMeans(metrics));
  const names = Object.keys(means[0] ?? {});
  return dropMissing({
    loss: computeMean(updates, ({ loss }) => loss),
    gradientNorm: computeMean(updates, ({ gradientNorm }) => gradientNorm),
    learningRate: updates.at(-1)?.learningRate ?? Number.NaN,
    updates: updates.length,
    ...Object.fromEntries(
      names.map((name) => [name, computeMean(means, (metrics) => metrics[name]!)]),
    ),
  });
}
