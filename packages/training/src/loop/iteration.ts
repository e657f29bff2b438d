import type { Modulator } from "@turnwise/aem";
import {
  NonFiniteError,
  type Group,
  type Learner,
  type OnTokens,
  type Random,
  type Sampler,
  type Task,
  type TrainingRow,
  type UpdateReport,
} from "@turnwise/core";
import type { RolloutParts } from "@turnwise/envs";
import {
  batchRows,
  emptyRefill,
  refill,
  type AlgorithmState,
  type CompiledAlgorithm,
  type Refill,
  type StateKeys,
} from "@turnwise/estimators";
import { watchPhase, type ObserveActivity } from "../health/activity-tracker.ts";
import { checkNeeds } from "./check-needs.ts";
import { correctRows, creditRows, toTrainingRows, type CreditedRow } from "./credit.ts";
import { createRoleFinder } from "./create-role-finder.ts";
import { measureCredit, measureTrajectories, averageUpdates, type Metrics } from "./metrics.ts";
import { countEpisodes } from "../report/phase-progress.ts";
import type { PhaseCounts } from "../report/run-note.ts";
import { splitMinibatches } from "./split-minibatches.ts";
import { playGroups, type FailureTolerance, type PlayPause } from "./play-groups.ts";

/** Sizes of an iteration. */
export interface IterationSettings {
  readonly groupsPerIteration: number;
  readonly groupSize: number;
  /** Number of optimizer steps per epoch. */
  readonly minibatches: number;
  /** Number of passes over the batch. */
  readonly epochs: number;
}

/** Phases of an iteration. */
export type Phase = "collect" | "score" | "update";

/** Parts of the loop, each replaceable by its interface. */
export interface TrainerParts {
  /** Draws the tasks of a round; in each iteration rounds count from 0. */
  readonly drawTasks: (iteration: number, round: number, count: number) => readonly Task[];
  readonly rolloutParts: Omit<RolloutParts, "sampler" | "policyVersion">;
  readonly sampler: Sampler;
  readonly learner: Learner;
  /** Scores rows under the reference policy; required if the algorithm needs it. */
  readonly reference?: Pick<Learner, "score"> | undefined;
  readonly algorithm: CompiledAlgorithm;
  /** State of the algorithm. Default: the initial state. */
  readonly algorithmState?: AlgorithmState | undefined;
  readonly modulator: Modulator;
  /**
   * Keys of the states before each turn, for algorithms that need them. Default: the observations.
   */
  readonly stateKeys?: StateKeys | undefined;
  readonly settings: IterationSettings;
  readonly random: Random;
  /** Tolerance for infrastructure failures. Default `defaultTolerance`. */
  readonly tolerance?: FailureTolerance | undefined;
  /** Called with the phase, its completed share in [0, 1], and its counts. */
  readonly onProgress?: (phase: Phase, done: number, counts?: PhaseCounts) => void;
  /** Called before each pause that precedes a retry of failed episodes. */
  readonly onPause?: ((pause: PlayPause) => void) | undefined;
  /** Called at the start of each phase, episode, environment call and response. */
  readonly onActivity?: ObserveActivity | undefined;
}

/** Result of an iteration. */
export interface IterationReport {
  readonly iteration: number;
  /** All groups that were played, including dropped ones. */
  readonly groups: readonly Group[];
  /** Groups that were trained on. */
  readonly kept: readonly Group[];
  /** Credit of the rows that were trained on; group indices refer to `kept`. */
  readonly credited: readonly CreditedRow[];
  /** State of the algorithm for the next iteration. */
  readonly algorithmState: AlgorithmState;
  /** Deterministic metrics: the same in every run with the same settings and seed. */
  readonly metrics: Metrics;
  /** Wall-clock time of each phase, seconds. */
  readonly seconds: Readonly<Record<Phase, number>>;
  readonly numTokens: Readonly<Record<"sampled" | "read" | "trained", number>>;
}

/** Thrown if the loss or gradient of an update is not finite; carries the batch. */
export class PoisonedUpdate extends Error {
  override readonly name = "PoisonedUpdate";
  readonly rows: readonly TrainingRow[];

  constructor(message: string, rows: readonly TrainingRow[], cause: NonFiniteError) {
    super(message, { cause });
    this.rows = rows;
  }
}

/**
 * Runs one iteration: collect, select, score, estimate, modulate, correct, update, report. All
 * randomness is forked by the number of the iteration, so the result depends only on the state of
 * the learner.
 * @throws `InputError` if learner, reference and format do not meet the needs of algorithm and
 *   modulator; `LostInfrastructure` if too many episodes fail for longer than the tolerance allows,
 *   in which case nothing has changed.
 */
export async function trainIteration(
  iteration: number,
  parts: TrainerParts,
): Promise<IterationReport> {
  const { sampler, learner, algorithm, modulator, settings, onProgress, onActivity } = parts;
  const during = <T>(name: string, work: () => Promise<T>): Promise<T> =>
    watchPhase(onActivity, { name, iteration }, work);
  const random = parts.random.fork(`iteration/${iteration}`);
  const clock = startStopwatch();
  checkNeeds({ ...parts, format: parts.rolloutParts.format });

  const policyVersion = await during("load weights", () => sampler.load(learner.weights())); // collect, under one frozen policy
  const rolloutParts = { ...parts.rolloutParts, sampler, policyVersion, onActivity };
  const groups: Group[] = [];
  let drawn: Refill<Group> = emptyRefill;
  while (drawn.status === "draw") {
    const tasks = parts.drawTasks(iteration, drawn.numRounds, settings.groupsPerIteration);
    const plans = tasks.map((task, i) => {
      const slot = groups.length + i;
      const id = `iteration-${iteration}/group-${slot}`;
      return { id, task, random: random.fork(`group/${slot}`) };
    });
    const round = await during("collect", () =>
      playGroups(plans, settings.groupSize, rolloutParts, {
        tolerance: parts.tolerance,
        onPause: parts.onPause,
        onProgress: (progress) =>
          onProgress?.(
            "collect",
            progress.numEnded / progress.numEpisodes,
            countEpisodes(progress),
          ),
      }),
    );
    groups.push(...round);
    drawn = refill(drawn, round.map(algorithm.usable), {
      target: settings.groupsPerIteration,
      ...(algorithm.maxRounds !== undefined && { maxRounds: algorithm.maxRounds }),
      keep: algorithm.keep,
    });
  }
  const { kept } = drawn; // select
  const collect = clock();

  const rows = batchRows(kept, algorithm.isTrainedOn);
  onProgress?.("score", 0);
  const tellScored: OnTokens = (done, total) =>
    onProgress?.("score", done / total, { done, total, unit: "tokens" });
  const tokenRows = rows.map(({ row }) => row);
  const scores = await during("score", () => learner.score(tokenRows, tellScored)); // score, without a gradient
  const { reference } = parts;
  const references =
    reference &&
    (await during("score under the reference", () => reference.score(tokenRows, tellScored)));
  const score = clock();

  const state = parts.algorithmState ?? algorithm.initialState;
  const estimated = algorithm.credit(
    {
      groups: kept,
      rows,
      scores,
      ...(references && { references }),
      ...(parts.stateKeys && { stateKeys: parts.stateKeys }),
    },
    state,
  ); // estimate
  const modulated = creditRows(kept, rows, scores, estimated.credits, {
    modulator,
    entropies: learner.capabilities.entropies,
    random: random.fork("modulate"),
    findRoles: modulator.needs.includes("spans") ? createRoleFinder(rolloutParts) : undefined,
  }); // modulate
  const { rows: credited, metrics: correction } = correctRows(algorithm, kept, modulated); // correct
  const samples = credited.map((row, i) => ({ row, reference: references?.[i] }));

  const updates: UpdateReport[] = [];
  const numUpdates = settings.epochs * settings.minibatches;
  let numTrained = 0;
  for (let epoch = 0; epoch < settings.epochs; epoch++) {
    for (const batch of splitMinibatches(
      samples,
      settings.minibatches,
      random.fork(`epoch/${epoch}`),
    )) {
      onProgress?.("update", updates.length / numUpdates);
      const numBefore = numTrained;
      const tellTrained: OnTokens = (done, total) => {
        numTrained = numBefore + done;
        onProgress?.("update", (updates.length + done / total) / numUpdates, {
          done: numTrained,
          // Assumes that the remaining minibatches have the mean size of the previous ones.
          total: Math.round(((numBefore + total) * numUpdates) / (updates.length + 1)),
          unit: "tokens",
        });
      };
      const trainingRows = toTrainingRows(
        algorithm,
        kept,
        batch.map(({ row }) => row),
        references && batch.map(({ reference }) => reference),
      );
      updates.push(
        await during("update", () =>
          learner.update(trainingRows, algorithm.objective, tellTrained),
        ).catch((cause: unknown) => {
          if (!(cause instanceof NonFiniteError)) throw cause;
          const group = kept[batch[cause.row ?? 0]!.row.groupIndex]!.id;
          const where = cause.row === undefined ? "" : ` ${group}:`;
          throw new PoisonedUpdate(
            `iteration ${iteration}:${where} ${cause.message}`,
            trainingRows,
            cause,
          );
        }),
      );
    }
  }
  const turns = groups.flatMap((group) => group.trajectories.flatMap((entry) => entry.turns));
  return {
    iteration,
    groups,
    kept,
    credited,
    algorithmState: estimated.state,
    metrics: {
      ...measureTrajectories(groups.flatMap((group) => group.trajectories)),
      keptGroups: kept.length,
      ...measureCredit(kept, credited),
      ...estimated.metrics,
      ...correction,
      ...averageUpdates(updates),
    },
    seconds: { collect, score, update: clock() },
    numTokens: {
      sampled: turns.reduce((sum, turn) => sum + turn.responseTokens.length, 0),
      read: turns.reduce((sum, turn) => sum + turn.promptTokens.length, 0),
      trained: rows.reduce((sum, { row }) => sum + row.tokens.length, 0) * settings.epochs,
    },
  };
}

/** Creates a function that returns the seconds since its last call, or since its creation. */
function startStopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    return seconds;
  };
}
