import {
  createRandom,
  crossEntropy,
  mean,
  sum,
  trajectoryRows,
  type Task,
  type TokenRow,
  type TrainingRow,
  type Trajectory,
} from "@turnwise/core";
import type { RolloutParts } from "@turnwise/envs";
import type { LocalPolicy } from "@turnwise/policy/local";
import { playGroups } from "../loop/play-groups.ts";

/**
 * Minimum duration of a measurement, seconds. A shorter measurement is repeated with more concurrent
 * episodes, up to the number in the run; with fewer episodes, the time per turn is overestimated.
 */
const enoughSeconds = 5;

/** Minimum time for which updates are repeated, seconds, because the first ones are slow. */
const repeatSeconds = 1;

/** Number of turns in a probe's episodes. */
const probeTurns = 6;

/** Maximum response length in a probe, tokens; short enough for a large model on a CPU. */
const probeResponseTokens = 64;

/** Speed of concurrent episodes. */
export interface PlayProbe {
  /** Number of concurrent episodes. */
  readonly numEpisodes: number;
  /** Time of one turn of one episode with a response of one token, seconds. */
  readonly secondsPerTurn: number;
  /** Time of each additional response token, seconds. */
  readonly secondsPerToken: number;
  readonly trajectories: readonly Trajectory[];
  /** Maximum response length in the probe, tokens. */
  readonly maxResponseTokens: number;
}

/**
 * Measures the speed of episodes. The number of concurrent episodes is increased, up to
 * `numEpisodes`, until a measurement takes a few seconds.
 * @param responseTokens - Maximum response length of the run, tokens; the probe may use less.
 */
export async function probePlaying(
  parts: RolloutParts,
  tasks: readonly Task[],
  numEpisodes: number,
  responseTokens: number,
): Promise<PlayProbe> {
  const maxResponseTokens = Math.max(2, Math.min(responseTokens, probeResponseTokens));
  const maxTurns = Math.min(parts.options.maxTurns, probeTurns);
  const play = async (count: number, turns: number, length: number) => {
    const random = createRandom(`probe/${count}`);
    const plans = Array.from({ length: count }, (_, i) => ({
      id: String(i),
      task: tasks[i % tasks.length]!,
      random: random.fork(String(i)),
    }));
    const options = { ...parts.options, maxTurns: turns, maxResponseTokens: length };
    const started = performance.now();
    const groups = await playGroups(plans, 1, { ...parts, options });
    const seconds = (performance.now() - started) / 1000;
    const trajectories = groups.flatMap((group) => group.trajectories);
    const numTurns = sum(trajectories.map((trajectory) => trajectory.turns.length));
    return { seconds, trajectories, secondsPerTurn: seconds / Math.max(1, numTurns) };
  };
  // The first run includes the compilation of the model's programs, so discard it.
  await play(Math.min(4, numEpisodes), 1, 2);
  for (let count = Math.min(4, numEpisodes); ; count = Math.min(4 * count, numEpisodes)) {
    const short = await play(count, maxTurns, 1);
    const long = await play(count, maxTurns, maxResponseTokens);
    if (count < numEpisodes && short.seconds + long.seconds < enoughSeconds) continue;
    const { trajectories } = long;
    const turns = trajectories.flatMap((trajectory) => trajectory.turns);
    const further = sum(turns.map((turn) => turn.responseTokens.length - 1)) / turns.length;
    const difference = Math.max(0, long.secondsPerTurn - short.secondsPerTurn);
    return {
      numEpisodes: count,
      secondsPerTurn: short.secondsPerTurn,
      secondsPerToken: further > 0 ? difference / further : 0,
      trajectories,
      maxResponseTokens,
    };
  }
}

/** Speed of a learner, tokens per second. */
export interface LearnerProbe {
  readonly scored: number;
  readonly trained: number;
  /** Training speed with the minibatch size of the warm start. */
  readonly imitated: number;
}

/**
 * Measures the speed of scoring, of training on all rows at once, and of training on batches of
 * `batchSize` rows.
 * @param rows - Rows of typical length.
 */
export async function probeLearner(
  { learner }: LocalPolicy,
  rows: readonly TokenRow[],
  batchSize: number,
): Promise<LearnerProbe> {
  const measure = async (
    count: number,
    run: (part: readonly TrainingRow[]) => Promise<unknown>,
  ): Promise<number> => {
    const part = toCrossEntropyRows(rows.slice(0, count));
    const numTokens = sum(part.map(({ tokens }) => tokens.length));
    const timeOnce = async (): Promise<number> => {
      const started = performance.now();
      await run(part);
      return Math.max(1e-6, (performance.now() - started) / 1000);
    };
    const first = await timeOnce();
    // The first run includes the compilation of the programs, so usually discard it. In a run that
    // takes long, compilation is only a small part.
    if (first > 2 * enoughSeconds) return numTokens / first;
    const seconds: number[] = [];
    while (sum(seconds) < repeatSeconds) seconds.push(await timeOnce());
    return numTokens / mean(seconds);
  };
  return {
    scored: await measure(rows.length, (part) => learner.score(part)),
    trained: await measure(rows.length, (part) => learner.update(part, crossEntropy)),
    imitated: await measure(batchSize, (part) => learner.update(part, crossEntropy)),
  };
}

/** Selects rows with at most `maxTokens` tokens in total, in the order of the trajectories. */
export function selectProbeRows(
  trajectories: readonly Trajectory[],
  maxTokens: number,
): readonly TokenRow[] {
  return takeRows(trajectories.flatMap(trajectoryRows), maxTokens);
}

/** Takes rows from the start with at most `maxTokens` tokens in total, but at least one row. */
export function takeRows<T extends { readonly tokens: readonly number[] }>(
  rows: readonly T[],
  maxTokens: number,
): T[] {
  let total = 0;
  return rows.filter(({ tokens }, i) => {
    total += tokens.length;
    return i === 0 || total <= maxTokens;
  });
}

function toCrossEntropyRows(rows: readonly TokenRow[]): TrainingRow[] {
  const numTokens = sum(rows.map(({ tokens }) => tokens.length - 1));
  return rows.map(({ tokens }) => ({
    tokens,
    spans: [{ turnIndex: 0, start: 1, length: tokens.length - 1 }],
    weights: new Float32Array(tokens.length - 1).fill(1 / numTokens),
    fields: {},
  }));
}
