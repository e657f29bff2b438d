import {
  identityModulator,
  computeTokenAdvantages,
  type CreditedResponse,
  type Modulator,
} from "@turnwise/aem";
import { formatCount, createRandom } from "@turnwise/core";
import { tInterval, type IntervalEstimate } from "@turnwise/statistics";
import { InputError } from "../input-error.ts";
import { plotCurves } from "../plot/plot-curves.ts";
import { createFolderSource } from "../reader/folder-source.ts";
import { readTimings } from "../reader/read-run.ts";
import type { Reporter } from "../report/progress.ts";
import type { RunFolder } from "../run/run-folder.ts";
import { isSettings } from "../settings/merge-settings.ts";
import { resolveAem } from "./resolve-aem.ts";
import type { AnalysisReport } from "./analysis-report.ts";
import { describeRun, readOrigin, type AnalyzedOrigin } from "./analyzed-run.ts";
import { paperFigures } from "./paper-figures.ts";
import { readRecordedBatch, toCredited } from "./recorded-batch.ts";

/** Time of one iteration, and time of AEM on its batch. */
export interface IterationCost {
  readonly iteration: number;
  readonly numResponses: number;
  /** Recorded wall-clock time of the iteration, by phase, seconds. */
  readonly seconds: { readonly collect: number; readonly score: number; readonly update: number };
  /**
   * Median time of AEM on the batch, seconds. `identitySeconds` is the median time of the identity
   * modulator, which copies the batch.
   */
  readonly aemSeconds: number;
  readonly identitySeconds: number;
  /** `aemSeconds` divided by the total time of the iteration. */
  readonly share: number;
}

/** Data of `analyse cost`. Times differ between measurements. */
export interface CostAnalysis {
  readonly run: AnalyzedOrigin;
  readonly repetitions: number;
  readonly iterations: readonly IterationCost[];
  /** Mean of the shares with a t interval over the iterations; absent for a single iteration. */
  readonly share?: IntervalEstimate;
  readonly maxShare: number;
}

/** Options of {@link analyzeCost}. */
export interface CostOptions {
  /** Iteration to measure, from 1. Default: up to five recorded iterations, evenly spaced. */
  readonly iteration?: number;
  /** Repetitions of each measurement, `>= 1`. Default 25. */
  readonly samples?: number;
}

/** Number of iterations that are measured by default. */
const numMeasured = 5;

/**
 * Measures AEM's share of an iteration: the time of the modulator on recorded batches, divided by
 * the recorded time of their iterations (collect, score and update). Entropies are computed
 * together with the log-probs that every algorithm needs, so AEM only adds the coefficients and the
 * product. AEM and the identity run alternately, and the median of the repetitions is used.
 * Recorded times depend on the machine and its load, so measure on the machine of the run.
 *
 * @param folder - Folder of the run; no policy is opened.
 * @throws `InputError` if timings or batches are missing.
 * @see arXiv:2605.00425, section 5.4
 */
export async function analyzeCost(
  folder: RunFolder,
  reporter: Pick<Reporter, "now">,
  { iteration, samples = 25 }: CostOptions = {},
): Promise<CostAnalysis> {
  const source = createFolderSource(folder.path);
  const timings = (await readTimings(source)).flatMap((line) =>
    line.stage === "iteration" && isSettings(line["seconds"])
      ? [
          {
            iteration: line.iteration,
            seconds: line["seconds"] as unknown as IterationCost["seconds"],
          },
        ]
      : [],
  );
  const known = timings.map((line) => line.iteration);
  if (timings.length === 0 || (iteration !== undefined && !known.includes(iteration))) {
    throw new InputError(
      `${folder.path}: timings.jsonl must have ${iteration === undefined ? "an iteration" : `iteration ${iteration}`}, got ${known.join(", ") || "none"}`,
    );
  }
  const measured =
    iteration === undefined
      ? pickEvenly(timings, numMeasured)
      : timings.filter((line) => line.iteration === iteration);
  const { modulator } = resolveAem(folder.config);
  const iterations: IterationCost[] = [];
  for (const line of measured) {
    reporter.now(`iteration ${line.iteration}: measuring`);
    const batch = await readRecordedBatch(source, line.iteration);
    const responses = batch.map((response) => toCredited(response));
    const [aemSeconds, identitySeconds] = timeModulators(
      [modulator, identityModulator],
      responses,
      samples,
    );
    const { collect, score, update } = line.seconds;
    iterations.push({
      iteration: line.iteration,
      numResponses: responses.length,
      seconds: { collect, score, update },
      aemSeconds: aemSeconds!,
      identitySeconds: identitySeconds!,
      share: aemSeconds! / (collect + score + update),
    });
  }
  return {
    run: readOrigin(folder),
    repetitions: samples,
    iterations,
    ...summarizeCost(iterations),
  };
}

/** Computes mean and maximum of the shares of at least one iteration. */
export function summarizeCost(
  iterations: readonly Pick<IterationCost, "share">[],
): Pick<CostAnalysis, "share" | "maxShare"> {
  const shares = iterations.map(({ share }) => share);
  return {
    ...(shares.length > 1 && { share: tInterval(shares) }),
    maxShare: Math.max(...shares),
  };
}

/**
 * Picks `count` evenly spaced entries, including the first and the last. Returns all entries if
 * there are at most `count`.
 */
export function pickEvenly<T>(entries: readonly T[], count: number): T[] {
  if (entries.length <= count) return [...entries];
  return Array.from(
    { length: count },
    (_, i) => entries[Math.round((i * (entries.length - 1)) / (count - 1))]!,
  );
}

/** Median time of each modulator on a batch, seconds, measured alternately after a warm-up. */
function timeModulators(
  modulators: readonly Modulator[],
  responses: readonly CreditedResponse[],
  repetitions: number,
): number[] {
  const random = createRandom("cost");
  const times = modulators.map((): number[] => []);
  let numTokens = 0;
  for (let repetition = 0; repetition <= repetitions; repetition++) {
    for (const [i, modulator] of modulators.entries()) {
      const started = performance.now();
      const tokens = computeTokenAdvantages(responses, modulator.modulate(responses, random));
      const seconds = (performance.now() - started) / 1000;
      // Use the result, so that the call is not optimized away.
      numTokens += tokens.length;
      if (repetition > 0) times[i]!.push(seconds);
    }
  }
  if (numTokens === 0) return times.map(() => 0);
  return times.map(computeMedian);
}

function computeMedian(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Creates the plot and paragraph about AEM's cost. */
export function reportCost(analysis: CostAnalysis): AnalysisReport {
  const { iterations, share, maxShare, repetitions } = analysis;
  const text = (value: number): string => `${(100 * value).toPrecision(2)} %`;
  const [first] = iterations;
  const mean = share === undefined ? text(first!.share) : text(share.estimate);
  const milliseconds = iterations.map(({ aemSeconds }) => 1000 * aemSeconds);
  const totals = iterations.map(({ seconds }) => seconds.collect + seconds.score + seconds.update);
  const range = (values: readonly number[]): string =>
    [Math.min(...values), Math.max(...values)].map((value) => value.toPrecision(2)).join(" to ");
  return {
    name: "cost",
    title: "What share of an iteration does AEM take?",
    data: analysis,
    figures: [
      {
        file: "cost.svg",
        caption: "AEM's share of the time of each measured iteration.",
        svg: plotCurves({
          title: "AEM's share",
          panels: [
            {
              title: "time of modulation as a share of the iteration",
              series: [
                {
                  name: "share",
                  color: 0,
                  points: iterations.map(({ iteration, share: own }) => ({
                    x: iteration,
                    y: 100 * own,
                    low: 100 * own,
                    high: 100 * own,
                  })),
                },
              ],
            },
          ],
          xLabel: "iteration",
          yLabel: "percent",
          zeroLine: true,
        }),
      },
    ],
    paragraph: `${formatCount(iterations.length, "iteration")} of ${describeRun(analysis.run)}: AEM takes ${mean} of an iteration${iterations.length === 1 ? "" : `, at most ${text(maxShare)}`} (${range(milliseconds)} ms, the median of ${repetitions} repetitions, of the recorded ${range(totals)} s). Paper: ${text(paperFigures.cost.share)} of a training step. Entropies are computed together with the log-probs, which every algorithm scores.`,
  };
}
