import type { Sampler } from "@turnwise/core";
import type { PlayProgress } from "../loop/play-groups.ts";
import { describeFailures } from "../run/run.ts";
import {
  estimateSecondsLeft,
  formatPercent,
  formatThousands,
  formatTimeLeft,
} from "./format-numbers.ts";
import type { PhaseCounts, WorkInProgress } from "./run-note.ts";

/** Converts the progress of a round of episodes to counts. */
export const countEpisodes = ({ numEnded, numFailed, numEpisodes }: PlayProgress): PhaseCounts => ({
  done: numEnded,
  total: numEpisodes,
  unit: "episodes",
  failed: numFailed,
});

/** Called with a phase, its completed share in [0, 1], and its counts. */
export type OnPhase = (phase: string, done: number, counts?: PhaseCounts) => void;

/** Display of the progress of phases. */
export interface PhaseProgress {
  readonly onPhase: OnPhase;
  /** Stops polling the sampler's token counts. */
  readonly stop: () => void;
}

/** Interval at which the sampler's counts are polled, milliseconds. */
const pollMilliseconds = 1000;

/**
 * Shows phases of work as lines with counts, speed and time left:
 * `iteration 1 of 150: collect 12.5%, 16 of 128 episodes, 45,120 tokens read, 9,310 sampled at 310/s, 3:20 left`.
 *
 * @param label - Prefix of each phase.
 * @param sampler - Polled for its token counts while episodes are played, if it has them.
 * @param onTokens - Called when the counts have changed.
 */
export function showPhases(
  now: (text: string, work: WorkInProgress) => void,
  label: string,
  sampler: Pick<Sampler, "tokenCounts">,
  onTokens?: () => void,
): PhaseProgress {
  let phase = "";
  let started = 0;
  let line = "";
  let isPolling = false;
  let before = { numRead: 0, numSampled: 0, isKnown: false };
  let lastCount = 0;
  let sampled = "";
  let shareDone = 0;
  let lastCounts: PhaseCounts | undefined;
  let tokensPerSecond: number | undefined;
  const show = (): void =>
    now(`${line}${sampled}${formatTimeLeft(started, shareDone)}`, {
      label,
      phase,
      share: shareDone,
      counts: lastCounts,
      tokensPerSecond,
      secondsLeft: estimateSecondsLeft(started, shareDone),
    });
  const poll = async (): Promise<void> => {
    if (isPolling || sampler.tokenCounts === undefined) return;
    isPolling = true;
    try {
      const { numRead, numSampled } = await sampler.tokenCounts();
      if (numRead + numSampled !== lastCount) onTokens?.();
      lastCount = numRead + numSampled;
      if (!before.isKnown) before = { numRead, numSampled, isKnown: true };
      const rate = (1000 * (numSampled - before.numSampled)) / (performance.now() - started);
      tokensPerSecond = rate;
      sampled =
        `, ${formatThousands(numRead - before.numRead)} tokens read, ` +
        `${formatThousands(numSampled - before.numSampled)} sampled at ${formatThousands(rate)}/s`;
      if (timer !== undefined) show();
    } catch {
      // The engine is closed; its other calls report the reason.
    } finally {
      isPolling = false;
    }
  };
  let timer: NodeJS.Timeout | undefined;
  const stop = (): void => {
    clearInterval(timer);
    timer = undefined;
    sampled = "";
    tokensPerSecond = undefined;
  };
  const onPhase: OnPhase = (name, done, counts) => {
    if (name !== phase) {
      stop();
      [phase, started] = [name, performance.now()];
      before = { numRead: 0, numSampled: 0, isKnown: false };
      if (counts?.unit === "episodes" && sampler.tokenCounts !== undefined) {
        timer = setInterval(() => void poll(), pollMilliseconds);
        timer.unref();
        void poll();
      }
    }
    [shareDone, lastCounts] = [done, counts];
    const seconds = (performance.now() - started) / 1000;
    const isTimed = counts?.unit === "tokens" && counts.done > 0 && seconds > 0;
    if (isTimed) tokensPerSecond = counts.done / seconds;
    const speed = isTimed ? ` at ${formatThousands(counts.done / seconds)}/s` : "";
    const counted =
      counts === undefined
        ? ""
        : `, ${formatThousands(counts.done)} of ${formatThousands(counts.total)} ${counts.unit}${speed}${describeFailures(counts.failed ?? 0, counts.total)}`;
    line = `${label}: ${name} ${formatPercent(done)}${counted}`;
    show();
  };
  return { onPhase, stop };
}
