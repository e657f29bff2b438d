import type { Modulator } from "@turnwise/aem";
import { createRandom, mean, type TokenRow } from "@turnwise/core";
import { tInterval, type IntervalEstimate } from "@turnwise/statistics";
import { InputError } from "../input-error.ts";
import { drawTasks } from "../loop/draw-tasks.ts";
import { trainIteration, type IterationReport } from "../loop/iteration.ts";
import type { TrainingPolicy } from "../policy/training-policy.ts";
import { plotCurves, type CurveSeries } from "../plot/plot-curves.ts";
import { showPhases } from "../report/phase-progress.ts";
import type { RunCheckpoint } from "../run/run-folder.ts";
import { createRolloutParts, type Run } from "../run/run.ts";
import { resolveAem } from "./resolve-aem.ts";
import type { AnalysisReport } from "./analysis-report.ts";
import {
  describeRun,
  findCheckpoint,
  readOrigin,
  withPolicy,
  type AnalyzedOrigin,
} from "./analyzed-run.ts";
import { partitionIndices } from "./partition-indices.ts";
import { keepPressure } from "./keep-pressure.ts";
import { formatSigned } from "./format-numbers.ts";

/** Responses that an arm trains on, by the sign of the pressure `advantage * (coefficient - 1)`. */
export type PressureArm = "positive" | "negative" | "all";

/** Entropy while one arm trains. */
export interface PressureCurve {
  readonly arm: PressureArm;
  /**
   * Mean token entropy of the first batch's responses under the policy before each update and after
   * the last update, nats per token, `[iteration]`. All arms have the same first batch.
   */
  readonly sameResponses: readonly number[];
  /**
   * Mean token entropy of each iteration's own batch before its update, nats per token; `null` if
   * all groups were filtered.
   */
  readonly ownResponses: readonly (number | null)[];
  /** Success rate of each iteration's own episodes; `null` if none was graded. */
  readonly success: readonly (number | null)[];
  /** Share of the first batch's responses that the arm trains on. */
  readonly trainedShare: number;
  /**
   * Change of `sameResponses` from first to last: mean over the groups of the first batch, with a t
   * interval. The interval includes the variation between groups, but not between training seeds.
   */
  readonly change: IntervalEstimate;
}

/** Data of `analyse pressure`. */
export interface PressureAnalysis {
  readonly run: AnalyzedOrigin;
  /** Number of iterations before the checkpoint from which all arms start. */
  readonly iteration: number;
  readonly seed: number;
  readonly trainIterations: number;
  readonly curves: readonly PressureCurve[];
  /** Change under negative pressure minus change under positive pressure, paired by group. */
  readonly difference: IntervalEstimate;
}

/** Options of {@link analyzePressure}. */
export interface PressureOptions {
  /**
   * Number of iterations before the checkpoint. Default: the newest checkpoint whose next iteration
   * is recorded.
   */
  readonly iteration?: number;
  /** Number of iterations that each arm trains, `>= 1`. Default 5. */
  readonly trainIterations?: number;
  /**
   * Seed of tasks and random draws. Default: the seed of the run, with which the first batch equals
   * the run's.
   */
  readonly seed?: number;
}

const arms: readonly PressureArm[] = ["positive", "negative", "all"];

/**
 * Trains from one checkpoint only on responses with one sign of `advantage * (coefficient - 1)`,
 * and measures the policy's entropy. By theorem 3.2.1 a step on a response moves the entropy of its
 * state by
 * `advantage * (surprisal - entropy)`; if `coefficient - 1` has the sign of `entropy - surprisal`,
 * positive pressure lowers entropy and negative pressure raises it. A third arm trains on all
 * responses. Advantages are those of AEM; they are 0 for responses with the other sign or in the
 * dead zone, although a KL term or an entropy bonus still applies to these.
 *
 * @throws `InputError` if the checkpoint is missing, or its first batch has fewer than 2 groups;
 *   `LostInfrastructure` as `trainIteration` does.
 * @see arXiv:2605.00425, analysis B
 */
export async function analyzePressure(
  run: Run,
  { iteration, trainIterations = 5, seed = run.config.seed }: PressureOptions = {},
): Promise<PressureAnalysis> {
  const checkpoint = await findCheckpoint(run.folder, iteration);
  const aem = resolveAem(run.config).modulator;
  return withPolicy(run, checkpoint, async (policy) => {
    const trained: TrainedArm[] = [];
    for (const arm of arms) {
      await policy.learner.restore(checkpoint.path);
      const modulator = arm === "all" ? aem : keepPressure(aem, arm === "positive" ? 1 : -1);
      trained.push(
        await trainArm(arm, modulator, { run, policy, checkpoint, trainIterations, seed }),
      );
    }
    const [positive, negative] = trained;
    return {
      run: readOrigin(run.folder),
      iteration: checkpoint.state.iterations,
      seed,
      trainIterations,
      curves: trained.map(({ curve }) => curve),
      difference: tInterval(
        negative!.groupChanges.map((change, group) => change - positive!.groupChanges[group]!),
      ),
    };
  });
}

interface ArmParts {
  readonly run: Run;
  readonly policy: TrainingPolicy;
  readonly checkpoint: RunCheckpoint;
  readonly trainIterations: number;
  readonly seed: number;
}

interface TrainedArm {
  readonly curve: PressureCurve;
  /** Change of the mean token entropy in each group of the first batch, `[group]`. */
  readonly groupChanges: readonly number[];
}

async function trainArm(
  arm: PressureArm,
  modulator: Modulator,
  { run, policy, checkpoint, trainIterations, seed }: ArmParts,
): Promise<TrainedArm> {
  const { config, tasks, reporter, algorithm } = run;
  const { groupsPerIteration, groupSize, minibatches, epochs } = config.training;
  const random = createRandom(seed);
  const { iterations: start, algorithmState = algorithm.initialState } = checkpoint.state;
  let state = algorithmState;
  let first: FirstBatch | undefined;
  const sameResponses: number[][] = [];
  const reports: IterationReport[] = [];
  for (let i = 1; i <= trainIterations; i++) {
    const progress = showPhases(
      (text) => reporter.now(text),
      `${arm} pressure, iteration ${i} of ${trainIterations}`,
      policy.sampler,
    );
    const report = await trainIteration(start + i, {
      drawTasks: (...place) => drawTasks(tasks.training, ...place, random),
      rolloutParts: createRolloutParts(run, policy, "training"),
      sampler: policy.sampler,
      learner: policy.learner,
      reference: policy.reference,
      algorithm,
      algorithmState: state,
      modulator,
      settings: { groupsPerIteration, groupSize, minibatches, epochs },
      random,
      tolerance: config.failures,
      onProgress: progress.onPhase,
    }).finally(() => progress.stop());
    state = report.algorithmState;
    reports.push(report);
    if (first === undefined) {
      if (report.kept.length < 2) {
        throw new InputError(
          `${run.folder.path}: iteration ${start + i} must train on at least 2 groups, got ${report.kept.length} (algorithm.groupFilter dropped the others; try another --iteration or --seed)`,
        );
      }
      first = readFirstBatch(report);
      sameResponses.push(first.entropies);
    }
    sameResponses.push(await scoreEntropies(policy, first.rows));
  }
  const { groups, trainedShare } = first!;
  const [before, after] = [sameResponses[0]!, sameResponses.at(-1)!];
  const groupChanges = partitionIndices(groups).map((members) =>
    mean(members.map((i) => after[i]! - before[i]!)),
  );
  const metricOf = (name: string): (number | null)[] =>
    reports.map(({ metrics }) => metrics[name] ?? null);
  return {
    groupChanges,
    curve: {
      arm,
      sameResponses: sameResponses.map((entropies) => mean(entropies)),
      ownResponses: metricOf("meanTokenEntropy"),
      success: metricOf("success"),
      trainedShare,
      change: tInterval(groupChanges),
    },
  };
}

/** Responses of an arm's first batch. */
interface FirstBatch {
  readonly rows: readonly TokenRow[];
  /** Group of each response, `[response]`. */
  readonly groups: readonly number[];
  /** Mean token entropy of each response before the update, nats per token, `[response]`. */
  readonly entropies: number[];
  readonly trainedShare: number;
}

function readFirstBatch({ credited }: IterationReport): FirstBatch {
  const responses = credited.flatMap(({ responses: own }) => own);
  const isTrained = responses.map(({ modulated }) =>
    modulated.some((advantage) => advantage !== 0),
  );
  return {
    rows: credited.map(({ row }) => row),
    groups: credited.flatMap(({ groupIndex, responses: own }) => own.map(() => groupIndex)),
    entropies: responses.map(({ meanTokenEntropy }) => meanTokenEntropy),
    trainedShare: isTrained.filter(Boolean).length / isTrained.length,
  };
}

/**
 * Computes the mean token entropy of each response under the current weights, nats per token,
 * `[response]`.
 */
async function scoreEntropies(
  { learner }: TrainingPolicy,
  rows: readonly TokenRow[],
): Promise<number[]> {
  const scores = await learner.score(rows);
  return scores.flatMap(({ spans }) => spans.map(({ entropies }) => mean(entropies)));
}

const armColors: Readonly<Record<PressureArm, number>> = { positive: 1, negative: 0, all: 5 };

/** Creates the plot and paragraph about the effect of pressure. */
export function reportPressure(analysis: PressureAnalysis): AnalysisReport {
  const { curves, difference, iteration, trainIterations } = analysis;
  const seriesOf = (values: (curve: PressureCurve) => readonly (number | null)[], from: number) =>
    curves.map((curve): CurveSeries => {
      const points = values(curve).flatMap((y, i) =>
        y === null ? [] : [{ x: from + i, y, low: y, high: y }],
      );
      return { name: curve.arm, color: armColors[curve.arm], points };
    });
  const change = (arm: PressureArm): string => {
    const { change: own, trainedShare } = curves.find((curve) => curve.arm === arm)!;
    return `${formatChange(own)} (${(100 * trainedShare).toFixed(0)} % of the responses)`;
  };
  const holds = difference.low > 0 ? "as" : difference.high < 0 ? "opposite to what" : undefined;
  return {
    name: "pressure",
    title: "Does each sign of A(alpha - 1) move entropy as the theorem says?",
    data: analysis,
    figures: [
      {
        file: "pressure.svg",
        caption:
          "Mean token entropy in three arms, which train on the responses with positive advantage * (coefficient - 1), on those with a negative value, and on all. Left: the responses of the first batch, scored after each update. Right: each policy's own responses.",
        svg: plotCurves({
          title: "Pressure",
          panels: [
            {
              title: "responses of the first batch",
              series: seriesOf((curve) => curve.sameResponses, iteration),
            },
            { title: "own responses", series: seriesOf((curve) => curve.ownResponses, iteration) },
          ],
          xLabel: "iterations of training",
          yLabel: "nats per token",
        }),
      },
    ],
    paragraph: `Each arm trains ${trainIterations} iterations, starting from the policy after iteration ${iteration} of ${describeRun(analysis.run)}. Change of the mean token entropy of the first batch's responses: ${change("positive")} where advantage * (coefficient - 1) is positive, ${change("negative")} where it is negative, ${change("all")} for all. Negative minus positive: ${formatChange(difference)} nats per token (mean over groups, 95 % t interval)${holds === undefined ? "; the interval does not exclude 0" : `: ${holds} the theorem predicts`}. Paper: the two runs' entropies diverge as predicted (curves only).`,
  };
}

function formatChange({ estimate, low, high }: IntervalEstimate): string {
  return `${formatSigned(estimate, 4)} [${formatSigned(low, 4)}, ${formatSigned(high, 4)}]`;
}
