import {
  NonFiniteError,
  type Group,
  type Learner,
  type Objective,
  type OnTokens,
  type Random,
  type Sampler,
  type ScoredRow,
  type Task,
  type TrainingRow,
  type Trajectory,
  type UpdateReport,
} from "@turnwise/core";
import type { RolloutParts } from "@turnwise/envs";
import {
  batchRows,
  emptyRefill,
  refill,
  type Aggregation,
  type BatchRow,
  type Refill,
  type TokenCredit,
} from "@turnwise/estimators";
import { creditRows, toTrainingRows } from "./credit.ts";
import { creditMetrics, trajectoryMetrics, updateMetrics, type Metrics } from "./metrics.ts";
import { episodeCounts, type PhaseCounts } from "./phase-progress.ts";
import { minibatches } from "./minibatches.ts";
import {
  playGroups,
  type FailureTolerance,
  type PlayPause,
  type PlayProgress,
} from "./play-groups.ts";

/** The pure parts of an algorithm: what happens between two calls of an engine. */
export interface Recipe {
  readonly groupsPerIteration: number;
  readonly groupSize: number;
  /** A group without the trajectories that are as if they had not been sampled. */
  readonly usable: (group: Group) => Group;
  /** Whether a usable group is worth training on. */
  readonly keep: (group: Group) => boolean;
  /** Rounds of drawing to have enough groups that are, the first included. */
  readonly maxRounds: number;
  /**
   * Base credit of all responses, `[row][response]`.
   * @param rows - Of these groups, without those that are not trained on.
   * @param scores - Of these rows, before the update.
   */
  readonly estimate: (
    groups: readonly Group[],
    rows: readonly BatchRow[],
    scores: readonly ScoredRow[],
  ) => TokenCredit[][];
  /** Whether a trajectory is part of the loss; its return counts for its siblings all the same. */
  readonly isTrainedOn: (trajectory: Trajectory) => boolean;
  /** Coefficients of a group's responses from their mean token entropies, `[response]`. */
  readonly coefficients: (entropies: readonly number[]) => number[];
  readonly objective: Objective;
  readonly aggregation: Aggregation;
  /** Optimizer steps that an epoch is dealt into. */
  readonly minibatches: number;
  readonly epochs: number;
}

/** The stages of an iteration that take time. */
export type Phase = "collect" | "score" | "update";

/** What an iteration works with. */
export interface TrainerParts {
  /** Tasks of a round of drawing, from 0 in each iteration. */
  readonly drawTasks: (iteration: number, round: number, count: number) => readonly Task[];
  readonly rolloutParts: Omit<RolloutParts, "sampler" | "policyVersion">;
  readonly sampler: Sampler;
  readonly learner: Learner;
  /** Scores under the fixed reference policy, where the objective asks for it. */
  readonly reference?: Pick<Learner, "score"> | undefined;
  readonly recipe: Recipe;
  readonly random: Random;
  /** How long failures of the infrastructure are borne. Default `defaultTolerance`. */
  readonly tolerance?: FailureTolerance | undefined;
  /** Told of the present phase, the share of it that is done, in [0, 1], and its counts. */
  readonly onProgress?: (phase: Phase, done: number, counts?: PhaseCounts) => void;
  /** Told of each pause before failed episodes are played again. */
  readonly onPause?: ((pause: PlayPause) => void) | undefined;
}

/** What an iteration did. */
export interface IterationReport {
  readonly iteration: number;
  readonly groups: readonly Group[];
  /** Equal for equal runs. */
  readonly metrics: Metrics;
  /** Not equal for equal runs. */
  readonly seconds: Readonly<Record<Phase, number>>;
  readonly numTokens: Readonly<Record<"sampled" | "read" | "trained", number>>;
}

/** An update met a loss or gradient that is no number; holds what led to it. */
export class PoisonedUpdate extends Error {
  override readonly name = "PoisonedUpdate";
  readonly rows: readonly TrainingRow[];

  constructor(message: string, rows: readonly TrainingRow[], cause: NonFiniteError) {
    super(message, { cause });
    this.rows = rows;
  }
}

/**
 * Runs one iteration: collect, select, score, estimate, modulate, update, report. All randomness is
 * forked from the iteration's number, so that what it does depends on the learner's state alone.
 * @throws `LostInfrastructure` before anything has changed, if too many episodes failed for longer than
 *   is tolerated.
 */
export async function trainIteration(
  iteration: number,
  parts: TrainerParts,
): Promise<IterationReport> {
  const { sampler, learner, recipe, onProgress } = parts;
  const random = parts.random.fork(`iteration/${iteration}`);
  const clock = stopwatch();

  const policyVersion = await sampler.load(learner.weights()); // collect, under one frozen policy
  const rolloutParts = { ...parts.rolloutParts, sampler, policyVersion };
  const groups: Group[] = [];
  let drawn: Refill<Group> = emptyRefill;
  while (drawn.status === "draw") {
    const tasks = parts.drawTasks(iteration, drawn.numRounds, recipe.groupsPerIteration);
    const plans = tasks.map((task, place) => {
      const slot = groups.length + place;
      const id = `iteration-${iteration}/group-${slot}`;
      return { id, task, random: random.fork(`group/${slot}`) };
    });
    const tellEpisodes = (progress: PlayProgress): void =>
      onProgress?.("collect", progress.numEnded / progress.numEpisodes, episodeCounts(progress));
    tellEpisodes({
      numEnded: 0,
      numFailed: 0,
      numEpisodes: plans.length * recipe.groupSize,
    });
    const round = await playGroups(plans, recipe.groupSize, rolloutParts, {
      tolerance: parts.tolerance,
      onPause: parts.onPause,
      onProgress: tellEpisodes,
    });
    groups.push(...round);
    drawn = refill(drawn, round.map(recipe.usable), {
      target: recipe.groupsPerIteration,
      maxRounds: recipe.maxRounds,
      keep: recipe.keep,
    });
  }
  const { kept } = drawn; // select
  const collect = clock();

  const rows = batchRows(kept, recipe.isTrainedOn);
  onProgress?.("score", 0);
  const tellScored: OnTokens = (done, total) =>
    onProgress?.("score", done / total, { done, total, unit: "tokens" });
  const tokenRows = rows.map(({ row }) => row);
  const scores = await learner.score(tokenRows, tellScored); // score, without a gradient
  const references = await parts.reference?.score(tokenRows, tellScored);
  const score = clock();

  const credits = recipe.estimate(kept, rows, scores); // estimate
  const credited = creditRows(rows, scores, credits, recipe.coefficients); // modulate
  const samples = credited.map((row, i) => ({ row, reference: references?.[i] }));

  const updates: UpdateReport[] = [];
  const numUpdates = recipe.epochs * recipe.minibatches;
  let numTrained = 0;
  for (let epoch = 0; epoch < recipe.epochs; epoch++) {
    for (const batch of minibatches(samples, recipe.minibatches, random.fork(`epoch/${epoch}`))) {
      onProgress?.("update", updates.length / numUpdates);
      const numBefore = numTrained;
      const tellTrained: OnTokens = (done, total) => {
        numTrained = numBefore + done;
        onProgress?.("update", (updates.length + done / total) / numUpdates, {
          done: numTrained,
          // Later minibatches are taken to be as large as those so far.
          total: Math.round(((numBefore + total) * numUpdates) / (updates.length + 1)),
          unit: "tokens",
        });
      };
      const trainingRows = toTrainingRows(
        batch.map(({ row }) => row),
        recipe.aggregation,
        references && batch.map(({ reference }) => reference),
      );
      updates.push(
        await learner
          .update(trainingRows, recipe.objective, tellTrained)
          .catch((cause: unknown) => {
            if (!(cause instanceof NonFiniteError)) throw cause;
            const group = kept[batch[cause.row ?? 0]!.row.groupIndex]!.id;
            const place = cause.row === undefined ? "" : ` ${group}:`;
            throw new PoisonedUpdate(
              `iteration ${iteration}:${place} ${cause.message}`,
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
    metrics: {
      ...trajectoryMetrics(groups.flatMap((group) => group.trajectories)),
      keptGroups: kept.length,
      ...creditMetrics(kept, credited),
      ...updateMetrics(updates),
    },
    seconds: { collect, score, update: clock() },
    numTokens: {
      sampled: turns.reduce((sum, turn) => sum + turn.responseTokens.length, 0),
      read: turns.reduce((sum, turn) => sum + turn.promptTokens.length, 0),
      trained: rows.reduce((sum, { row }) => sum + row.tokens.length, 0) * recipe.epochs,
    },
  };
}

/** Seconds since the last call, or since it was made. */
function stopwatch(): () => number {
  let last = performance.now();
  return () => {
    const now = performance.now();
    const seconds = (now - last) / 1000;
    last = now;
    return seconds;
  };
}
