import { join } from "node:path";
import { FailureError, NonFiniteError } from "@turnwise/core";
import type { AuditRecord } from "@turnwise/envs";
import { describeMissingChat } from "../policy/chat-format.ts";
import { checkWeightTransfer } from "../policy/check-weight-transfer.ts";
import { evaluate } from "../evaluation/evaluate.ts";
import { watchPhase } from "../health/activity-tracker.ts";
import { writeFolderWhole } from "../files/write-folder-whole.ts";
import {
  countPlayedGroups,
  describeAdvisory,
  watchAdvisories,
  type IterationRecords,
} from "../health/advisory-watch.ts";
import { drawTasks } from "../loop/draw-tasks.ts";
import { PoisonedUpdate, trainIteration, type IterationReport } from "../loop/iteration.ts";
import { countEpisodes, showPhases } from "../report/phase-progress.ts";
import { checkNeeds } from "../loop/check-needs.ts";
import { readInput } from "../input-error.ts";
import { LostInfrastructure } from "../loop/play-groups.ts";
import {
  formatDuration,
  formatPercent,
  formatThousands,
  formatTimeLeft,
  estimateSecondsLeft,
} from "../report/format-numbers.ts";
import { recordEvaluation, recordTrajectories } from "../records/record-trajectories.ts";
import { createFolderSource } from "../reader/folder-source.ts";
import type { RunRecords } from "../reader/advisories.ts";
import { createNotablePicker } from "../report/pick-notable.ts";
import { readRunRecords } from "../reader/read-run-records.ts";
import type { ResumePoint } from "./find-resume-point.ts";
import type { RunState } from "./run-state.ts";
import {
  freshState,
  isLoaded,
  describePause,
  policyFolder,
  createRolloutParts,
  StoppedRun,
  stopPoisoned,
  type Run,
} from "./run.ts";
import { describeEvaluation } from "../report/summary.ts";
import { openTrainingPolicy } from "../policy/open-training-policy.ts";
import type { TrainingPolicy } from "../policy/training-policy.ts";

/**
 * Runs reinforcement learning: an evaluation, the iterations, and another evaluation.
 * @param point - Point from which the run resumes; `undefined` after a warm start in this process.
 * @param end - Where to stop: after the first evaluation, or at the end.
 */
export async function reinforce(
  run: Run,
  point: ResumePoint | undefined,
  end: "start" | "end" = "end",
): Promise<void> {
  const { config, folder, tasks, reporter, random, activities } = run;
  const { iterations, groupsPerIteration, groupSize, minibatches, epochs } = config.training;
  const policy = await readInput(() => openTrainingPolicy(run));
  if (config.model.source === "folder" && !config.model.chat && isLoaded(policy.tokenizer)) {
    const { path } = config.model;
    const warning = describeMissingChat(tasks.format, policy.tokenizer, path, "model.chat=true");
    if (warning !== undefined) reporter.warn(warning);
  }
  /** State that belongs to the current weights, if it has not been saved in a checkpoint. */
  let unsaved: RunState | undefined;
  const save = async (state: RunState): Promise<void> => {
    reporter.now("writing a checkpoint");
    await watchPhase(activities.observe, { name: "checkpoint", iteration: state.iterations }, () =>
      folder.saveCheckpoint(state, (directory) => policy.learner.save(directory)),
    );
    unsaved = undefined;
  };
  try {
    checkNeeds({ ...run, ...policy, format: createRolloutParts(run, policy, "training").format });
    checkWeightTransfer(policy.sampler.capabilities, policy.learner.capabilities);
    const { state: found = freshState, checkpoint } = point ?? {};
    let state: RunState = { ...found, warmStartEpochs: config.warmStart.epochs };
    if (checkpoint !== undefined) await readInput(() => policy.learner.restore(checkpoint));
    else await save(state);

    if (!state.isEvaluatedBefore) {
      await evaluateAll(run, policy, "before", state);
      state = { ...state, isEvaluatedBefore: true };
      await save(state);
    }
    if (end === "start") return;

    const before = await readRecordsSoFar(run);
    const advisories = watchAdvisories(before);
    const history = before.metrics.filter(({ stage }) => stage === "iteration");
    reporter.note?.({ kind: "history", iterations: history });
    const notable = createNotablePicker(history.length > 0);
    let { algorithmState = run.algorithm.initialState } = state;
    const started = performance.now();
    const first = state.iterations;
    const shareDone = (done: number): number => (done - first) / (iterations - first);
    for (let iteration = first + 1; iteration <= iterations; iteration++) {
      const label = `iteration ${iteration} of ${iterations}`;
      const left = formatTimeLeft(started, shareDone(iteration - 1));
      const progress = showPhases(
        (text, work) =>
          reporter.now(left === "" ? text : `${text}; total${left.slice(1)}`, {
            ...work,
            runSecondsLeft: estimateSecondsLeft(started, shareDone(iteration - 1)),
          }),
        label,
        policy.sampler,
        activities.touch,
      );
      const report = await trainIteration(iteration, {
        drawTasks: (...round) => drawTasks(tasks.training, ...round, random),
        rolloutParts: createRolloutParts(run, policy, "training"),
        sampler: policy.sampler,
        learner: policy.learner,
        reference: policy.reference,
        algorithm: run.algorithm,
        algorithmState,
        modulator: run.modulator,
        settings: { groupsPerIteration, groupSize, minibatches, epochs },
        random,
        tolerance: config.failures,
        onPause: (pause) => reporter.warn(`iteration ${iteration}: ${describePause(pause)}`),
        onProgress: (...phase) => {
          activities.touch();
          progress.onPhase(...phase);
        },
        onActivity: activities.observe,
      })
        .catch((cause: unknown) => {
          if (cause instanceof LostInfrastructure) {
            throw new StoppedRun(
              `iteration ${iteration} of ${iterations} is incomplete: ${cause.message}`,
              { cause },
            );
          }
          if (cause instanceof NonFiniteError) throw createUnusableError(label, cause);
          if (!(cause instanceof PoisonedUpdate)) throw cause;
          return stopPoisoned(folder, cause.message, cause.rows, cause.cause);
        })
        .finally(() => progress.stop());
      algorithmState = report.algorithmState;
      state = { ...state, iterations: iteration, algorithmState };
      // The weights no longer belong to the unsaved state.
      unsaved = undefined;
      const records = await recordIteration(run, report, state);
      reporter.row(
        { stage: "iteration", iteration, iterations, ...report.metrics, seconds: report.seconds },
        `${formatIteration(report, iterations)}${formatTimeLeft(started, shareDone(iteration))}`,
      );
      const trajectory = notable.pick(iteration, report);
      if (trajectory !== undefined) reporter.note?.({ kind: "trajectory", trajectory });
      for (const advisory of advisories.add(records)) {
        const text = `iteration ${iteration}: ${describeAdvisory(advisory)}`;
        reporter.warn(text, { advisory: advisory.name, iteration });
      }
      const { every } = config.evaluation;
      if (every > 0 && iteration % every === 0 && iteration < iterations) {
        await evaluateAll(run, policy, "during", state);
      }
      unsaved = state;
      if (iteration % config.checkpoints.every === 0 || iteration === iterations) await save(state);
    }

    if (!state.isEvaluatedAfter) {
      await evaluateAll(run, policy, "after", state);
      await writeFolderWhole(join(folder.path, policyFolder), (path) => policy.save(path));
      await folder.logFolder(policyFolder);
      await save({ ...state, isEvaluatedAfter: true });
    }
  } catch (cause) {
    if (cause instanceof StoppedRun && cause.cause instanceof LostInfrastructure) {
      // Save the weights after the last completed iteration.
      if (unsaved !== undefined) await save(unsaved);
      await folder.flush();
      throw cause;
    }
    if (!(cause instanceof FailureError)) throw cause;
    // The server of the policy failed, so the current weights cannot be saved. Only earlier
    // checkpoints remain.
    throw new StoppedRun(`policy: ${cause.kind} failure: ${cause.message}`, { cause });
  } finally {
    await policy.close();
  }
}

/** Reads the records so far. If they are damaged, warns and returns no records. */
async function readRecordsSoFar({ folder, reporter }: Run): Promise<RunRecords> {
  const records = await readRunRecords(createFolderSource(folder.path)).catch((cause: Error) => {
    // Advisories must not end a run.
    reporter.warn(
      `advisories ignore earlier iterations, because their records cannot be read: ${cause.message}`,
    );
    return undefined;
  });
  const config = { ...folder.config };
  return records ?? { metrics: [], timings: [], config, groups: [] };
}

/** Writes the records of an iteration. @returns The records that advisories need. */
async function recordIteration(
  run: Run,
  report: IterationReport,
  state: RunState,
): Promise<IterationRecords> {
  const { folder } = run;
  const { iteration, metrics, seconds, numTokens } = report;
  const position = {
    stage: "iteration",
    warmStartEpoch: state.warmStartEpochs,
    iteration,
  } as const;
  const audit = run.tasks.takeRecords?.();
  const lines = {
    metrics: { ...position, ...metrics, ...countSuspicious(audit) },
    timings: { ...position, seconds, numTokens },
  };
  await folder.recordSegment({ trajectories: recordTrajectories(report), audit, ...lines });
  return { ...lines, groups: countPlayedGroups(report.groups) };
}

/** Counts suspicious episodes, if the tasks keep records. */
function countSuspicious(records: readonly AuditRecord[] | undefined): Record<string, number> {
  if (records === undefined) return {};
  return { suspicious: records.filter(({ isSuspicious }) => isSuspicious).length };
}

function formatIteration(report: IterationReport, iterations: number): string {
  const { iteration, metrics, seconds, numTokens } = report;
  const elapsed = seconds.collect + seconds.score + seconds.update;
  const number = (name: string, digits: number): string => (metrics[name] ?? 0).toFixed(digits);
  return [
    `iteration ${String(iteration).padStart(String(iterations).length)}/${iterations}`,
    `success ${(metrics["success"] === undefined ? "-" : formatPercent(metrics["success"])).padStart(6)}`,
    `failed ${metrics["failed"] ?? 0}/${metrics["episodes"] ?? 0}`,
    `return ${number("return", 2).padStart(5)}`,
    `entropy ${number("meanTokenEntropy", 3)}`,
    `turns ${number("turns", 1).padStart(4)}`,
    `${formatThousands((numTokens.sampled + numTokens.read + numTokens.trained) / elapsed).padStart(6)} tokens/s`,
  ].join("  ");
}

/**
 * Creates the error for weights that produce values that are not finite, although loss and gradient
 * of the last update were finite.
 */
function createUnusableError(place: string, cause: NonFiniteError): StoppedRun {
  return new StoppedRun(
    `${place}: ${cause.message}; the last update made the weights unusable (start a new run with a smaller training.learningRate or training.maxGradientNorm)`,
    { cause },
  );
}

/**
 * Evaluates on the evaluation tasks: all splits in all modes before and after training; during
 * training only the first split, with sampling.
 */
async function evaluateAll(
  run: Run,
  policy: TrainingPolicy,
  phase: "before" | "during" | "after",
  state: RunState,
): Promise<void> {
  const { config, reporter, folder, random } = run;
  const policyVersion = await policy.sampler.load(policy.learner.weights());
  const { evaluation } = run.tasks;
  const splits = phase === "during" ? evaluation.slice(0, 1) : evaluation;
  for (const { split, tasks } of splits) {
    for (const mode of phase === "during" ? (["sampled"] as const) : config.evaluation.modes) {
      // The random draws of an evaluation do not depend on the phase, so phases differ only by
      // their weights.
      const started = performance.now();
      const label = `evaluation, ${phase}`;
      const kind = `${split}, ${mode}`;
      const { activities } = run;
      const progress = showPhases(
        (text, work) => reporter.now(text, work),
        label,
        policy.sampler,
        activities.touch,
      );
      const report = await evaluate(
        `evaluation/${split}/${mode}`,
        tasks,
        mode === "greedy" ? 0 : config.evaluation.temperature,
        {
          ...createRolloutParts(run, policy, "evaluation"),
          policyVersion,
          random,
          onActivity: activities.observe,
          tolerance: config.failures,
          onPause: (pause) => reporter.warn(`${label}: ${kind}: ${describePause(pause)}`),
          onProgress: (played) =>
            progress.onPhase(kind, played.numEnded / played.numEpisodes, countEpisodes(played)),
        },
      )
        .catch((cause: unknown) => {
          if (cause instanceof NonFiniteError)
            throw createUnusableError(`${label}: ${kind}`, cause);
          if (!(cause instanceof LostInfrastructure)) throw cause;
          throw new StoppedRun(`${label}: ${kind}: ${cause.message}`, { cause });
        })
        .finally(() => progress.stop());
      const position = {
        stage: "evaluation",
        warmStartEpoch: state.warmStartEpochs,
        iteration: state.iterations,
        phase,
        split,
        mode,
      } as const;
      const { metrics, byKind, stops } = report;
      await folder.recordSegment({
        trajectories: recordEvaluation(report.groups),
        audit: run.tasks.takeRecords?.(),
        metrics: { ...position, ...metrics, byKind, stops },
      });
      reporter.row(
        {
          stage: "evaluation",
          phase,
          split,
          mode,
          iteration: state.iterations,
          ...metrics,
          byKind,
          stops,
        },
        `${label}: ${kind}: ${describeEvaluation(metrics).join(", ")}, ` +
          formatDuration((performance.now() - started) / 1000),
      );
    }
  }
}
