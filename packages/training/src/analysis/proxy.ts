import { compareDrift } from "@turnwise/aem";
import { createRandom, listEndTokens, mean, sum, variance } from "@turnwise/core";
import {
  correlationInterval,
  rankCorrelation,
  wilsonInterval,
  type IntervalEstimate,
} from "@turnwise/statistics";
import { InputError } from "../input-error.ts";
import type { TrainingPolicy } from "../policy/training-policy.ts";
import { plotPoints } from "../plot/plot-points.ts";
import { createFolderSource } from "../reader/folder-source.ts";
import { formatPercent } from "../report/format-numbers.ts";
import type { Run } from "../run/run.ts";
import { resolveAem } from "./resolve-aem.ts";
import type { AnalysisReport } from "./analysis-report.ts";
import {
  describeRun,
  findCheckpoint,
  readOrigin,
  withPolicy,
  type AnalyzedOrigin,
} from "./analyzed-run.ts";
import { formatCorrelation, formatInterval, formatShare } from "./format-numbers.ts";
import { paperFigures } from "./paper-figures.ts";
import {
  slicePrompt,
  readRecordedBatch,
  toCredited,
  type RecordedResponse,
} from "./recorded-batch.ts";

/** A state with its sampled response. */
export interface ProxyState {
  readonly group: string;
  readonly trajectory: number;
  readonly turn: number;
  /** Length of the response in tokens. */
  readonly numTokens: number;
  /** AEM's coefficient of the response (the paper's alpha). */
  readonly coefficient: number;
  /** `-log p(response | state)`, nats. */
  readonly surprisal: number;
  /** Mean surprisal of other responses that were sampled in this state, nats. */
  readonly entropy: number;
  /** Standard error of `entropy`, nats. */
  readonly standardError: number;
}

/** Agreement between coefficients and relative surprisals over states. */
export interface ProxyAgreement {
  /**
   * Pearson correlation of `coefficient - 1` with `entropy - surprisal`; absent if one of them is
   * constant.
   */
  readonly correlation?: IntervalEstimate;
  /** Spearman's rank correlation of `coefficient - 1` with `entropy - surprisal`. */
  readonly rankCorrelation?: number;
}

/** Result of {@link summarizeProxy}. */
export interface ProxySummary {
  /** Relative surprisal of the whole response, nats. */
  readonly perResponse: ProxyAgreement;
  /** Relative surprisal divided by the length of the response, nats per token. */
  readonly perToken: ProxyAgreement;
  /**
   * Number of states in which `coefficient - 1` and `entropy - surprisal` have the same sign;
   * `numSigned` counts the states where neither is 0; `agreement` is the share with Wilson's
   * interval, absent if `numSigned` is 0.
   */
  readonly numAgreeing: number;
  readonly numSigned: number;
  readonly agreement?: IntervalEstimate;
}

/** Data of `analyse proxy`. */
export interface ProxyAnalysis extends ProxySummary {
  readonly run: AnalyzedOrigin;
  /**
   * Number of iterations before the checkpoint; its policy sampled the batch of the next iteration.
   */
  readonly iteration: number;
  readonly seed: number;
  readonly samplesPerState: number;
  /**
   * Share of the batch's responses that are in groups modulated by AEM; states are drawn from these
   * groups.
   */
  readonly modulatedShare: number;
  readonly states: readonly ProxyState[];
}

/** Options of {@link analyzeProxy}. */
export interface ProxyOptions {
  /**
   * Number of iterations before the checkpoint. Default: the newest checkpoint whose next iteration
   * is recorded.
   */
  readonly iteration?: number;
  /** Number of states, `>= 4`. Default 64 (paper). */
  readonly states?: number;
  /** Number of responses sampled in each state, `>= 2`. Default 64. */
  readonly samples?: number;
  /** Seed of the random draws. Default: the seed of the run. */
  readonly seed?: number;
}

/**
 * Compares AEM's coefficients with the quantity for which they are a proxy. By theorem 3.2.1 the
 * entropy of a state changes by `advantage * (surprisal - entropy)`, where `entropy` is the
 * expected surprisal of a response in that state. AEM only has mean token entropies; if they are a
 * good proxy, `coefficient - 1` has the sign of `entropy - surprisal`.
 *
 * States are prompts of recorded responses in groups outside the dead zone, each at most once,
 * drawn at random. In each state, `samples` responses are drawn from the policy that sampled the
 * recorded response, and `entropy = mean(-log p(sample))`. Log-probs are from the sampler, at the
 * training temperature.
 *
 * @throws `InputError` if the checkpoint, its batch or the sampler's log-probs are missing, or
 *   fewer than 4 states are outside the dead zone.
 * @see arXiv:2605.00425, analysis A
 */
export async function analyzeProxy(
  run: Run,
  { iteration, states = 64, samples = 64, seed = run.config.seed }: ProxyOptions = {},
): Promise<ProxyAnalysis> {
  const { folder, config, reporter } = run;
  const checkpoint = await findCheckpoint(folder, iteration);
  const { iterations } = checkpoint.state;
  const random = createRandom(seed).fork("proxy");
  reporter.now("reading responses");
  const batch = await readRecordedBatch(createFolderSource(folder.path), iterations + 1);
  const { coefficients } = resolveAem(config).modulator.modulate(
    batch.map((response) => toCredited(response)),
    random.fork("modulate"),
  );
  const modulated = batch.flatMap((response, i) =>
    coefficients[i] === 1 ? [] : [{ response, coefficient: coefficients[i]! }],
  );
  const drawn = dropRepeatedPrompts(random.fork("states").shuffle(modulated)).slice(0, states);
  if (drawn.length < 4) {
    throw new InputError(
      `${folder.path}: iteration ${iterations + 1} must have at least 4 states in groups that AEM modulates, got ${drawn.length} (all other groups are in the dead zone of modulation.minEntropyRange; try an earlier --iteration, where entropies are larger)`,
    );
  }
  if (drawn.some(({ response }) => response.samplerLogProbs.length === 0)) {
    throw new InputError(
      `${folder.path}: iteration ${iterations + 1} must have log-probs of the sampler, got none (the run's sampler does not report them)`,
    );
  }
  const estimated = await withPolicy(run, checkpoint, async ({ sampler, tokenizer }) => {
    let numDone = 0;
    return Promise.all(
      drawn.map(async ({ response, coefficient }, i): Promise<ProxyState> => {
        const seeds = random.fork(`state/${i}`);
        const surprisals = await sampleSurprisals(response, samples, {
          sampler,
          stopTokens: listEndTokens(tokenizer),
          temperature: config.training.temperature,
          maxTokens: config.episode.maxResponseTokens,
          seedOf: (sample) => seeds.fork(String(sample)).seed,
        });
        numDone++;
        reporter.now(
          `sampling: ${formatPercent(numDone / drawn.length)} of ${drawn.length} states`,
        );
        return {
          group: response.group,
          trajectory: response.trajectory,
          turn: response.turn,
          numTokens: response.tokens.length,
          coefficient,
          surprisal: -sum(response.samplerLogProbs),
          entropy: mean(surprisals),
          standardError: Math.sqrt(variance(surprisals, 1) / samples),
        };
      }),
    );
  });
  return {
    run: readOrigin(folder),
    iteration: iterations,
    seed,
    samplesPerState: samples,
    modulatedShare: modulated.length / batch.length,
    ...summarizeProxy(estimated),
    states: estimated,
  };
}

/** Drops responses whose prompt already occurred. */
function dropRepeatedPrompts<T extends { readonly response: RecordedResponse }>(
  entries: readonly T[],
): T[] {
  const seen = new Set<string>();
  return entries.filter(({ response }) => {
    const key = slicePrompt(response).join(" ");
    return !seen.has(key) && seen.add(key);
  });
}

interface SurprisalParts extends Pick<TrainingPolicy, "sampler"> {
  readonly stopTokens: readonly number[];
  readonly temperature: number;
  readonly maxTokens: number;
  readonly seedOf: (sample: number) => string;
}

/** Samples responses to a prompt. @returns Surprisal of each response, nats, `[sample]`. */
async function sampleSurprisals(
  response: RecordedResponse,
  count: number,
  { sampler, seedOf, ...options }: SurprisalParts,
): Promise<number[]> {
  const promptTokens = slicePrompt(response);
  return Promise.all(
    Array.from({ length: count }, async (_, sample) => {
      const { logProbs } = await sampler.sample({ ...options, promptTokens, seed: seedOf(sample) });
      return -sum(logProbs);
    }),
  );
}

/**
 * Summarizes the agreement of `coefficient - 1` with `entropy - surprisal` over states, `[state]`.
 */
export function summarizeProxy(
  states: readonly Pick<ProxyState, "coefficient" | "surprisal" | "entropy" | "numTokens">[],
): ProxySummary {
  const excess = states.map(({ coefficient }) => coefficient - 1);
  const relative = states.map(({ entropy, surprisal }) => entropy - surprisal);
  const perToken = relative.map((value, i) => value / states[i]!.numTokens);
  const isSigned = excess.map((value, i) => value * relative[i]! !== 0);
  const numSigned = isSigned.filter(Boolean).length;
  const numAgreeing = excess.filter((value, i) => value * relative[i]! > 0).length;
  return {
    perResponse: measureAgreement(excess, relative),
    perToken: measureAgreement(excess, perToken),
    numAgreeing,
    numSigned,
    ...(numSigned > 0 && { agreement: wilsonInterval(numAgreeing, numSigned) }),
  };
}

function measureAgreement(excess: readonly number[], relative: readonly number[]): ProxyAgreement {
  const { correlation, numPairs } = compareDrift(excess, relative);
  const rank = rankCorrelation(excess, relative);
  return {
    ...(correlation !== undefined &&
      numPairs >= 4 && { correlation: correlationInterval(correlation, numPairs) }),
    ...(rank !== undefined && { rankCorrelation: rank }),
  };
}

/** Creates the plot and paragraph about the validity of the proxy. */
export function reportProxy(analysis: ProxyAnalysis): AnalysisReport {
  const { states, perResponse, perToken, numAgreeing, numSigned, agreement } = analysis;
  const { proxy: paper } = paperFigures;
  const correlationOf = ({ correlation }: ProxyAgreement): string =>
    correlation === undefined ? formatCorrelation(undefined) : formatInterval(correlation, 2);
  const points = (scale: (state: ProxyState) => number) =>
    states.map((state) => ({
      x: state.coefficient - 1,
      y: (state.entropy - state.surprisal) / scale(state),
      error: state.standardError / scale(state),
    }));
  return {
    name: "proxy",
    title: "Does the coefficient agree with relative surprisal?",
    data: analysis,
    figures: [
      {
        file: "proxy.svg",
        caption: `Each dot is a state: AEM's coefficient minus 1 against the state's Monte-Carlo entropy minus the response's surprisal, with the standard error of ${analysis.samplesPerState} samples. The signs agree in the lower left and the upper right.`,
        svg: plotPoints({
          title: "Proxy",
          panels: [
            {
              title: "whole response",
              series: [{ name: "states", color: 0, points: points(() => 1) }],
            },
            {
              title: "per token",
              series: [{ name: "states", color: 0, points: points(({ numTokens }) => numTokens) }],
            },
          ],
          xLabel: "coefficient - 1",
          yLabel: "entropy - surprisal, nats",
          xLine: 0,
          yLine: 0,
        }),
      },
    ],
    paragraph: `Policy after iteration ${analysis.iteration} of ${describeRun(analysis.run)}, ${states.length} states, ${analysis.samplesPerState} samples each. Correlation of coefficient - 1 with entropy - surprisal: ${correlationOf(perResponse)} for the whole response (95 % interval from Fisher's z-transformation; rank correlation ${formatCorrelation(perResponse.rankCorrelation, 2)}), ${correlationOf(perToken)} per token. Signs agree in ${numAgreeing} of ${numSigned} states${agreement === undefined ? "" : `, ${formatShare(agreement)}`}. Paper: correlation ${paper.correlation}, signs agree in ${paper.numAgreeing} of ${paper.numStates} (${formatPercent(paper.numAgreeing / paper.numStates)}). Groups outside the dead zone contain ${formatPercent(analysis.modulatedShare)} of the responses; states are drawn from these.`,
  };
}
