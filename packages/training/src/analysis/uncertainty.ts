import type { Uncertainty } from "@turnwise/aem";
import { createRandom, mean } from "@turnwise/core";
import { rankCorrelation, tInterval, type IntervalEstimate } from "@turnwise/statistics";
import { InputError } from "../input-error.ts";
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
import { partitionIndices } from "./partition-indices.ts";
import { formatCorrelation } from "./format-numbers.ts";
import { readRecordedBatch, toCredited, type RecordedResponse } from "./recorded-batch.ts";
import { sampleTopLogProbs } from "./sample-top-log-probs.ts";
import { boundEntropies, type EntropyBounds } from "./bound-entropies.ts";

/**
 * Agreement of coefficients from one measure of uncertainty with coefficients from exact entropies.
 */
export interface MeasureAgreement {
  /** Name of the measure: `exact`, `top-5`, `surprisal`. */
  readonly measure: string;
  /** Share of groups whose coefficients are all 1. */
  readonly deadZoneShare: number;
  /**
   * Share of groups for which both measures make the same decision: to modulate the group, or to
   * leave it alone because it is in the dead zone.
   */
  readonly sameDecisionShare: number;
  /**
   * Rank correlation of the coefficients over all responses of the groups that are modulated with
   * exact entropies; absent if there are none, or one of the lists is constant.
   */
  readonly rankCorrelation?: number;
  /**
   * Mean of the rank correlations within these groups; absent if fewer than two groups have one.
   */
  readonly withinGroups?: IntervalEstimate;
  /** Mean of |coefficient - exact coefficient| over all responses. */
  readonly meanDifference: number;
  /**
   * Only for top-k: share of groups whose bounds are too wide to decide whether the group is in the
   * dead zone; AEM throws for such a group. `meanBoundWidth` is the mean width of a response's
   * bounds, nats per token.
   */
  readonly undecidedShare?: number;
  readonly meanBoundWidth?: number;
}

/** Data of `analyse uncertainty`. */
export interface UncertaintyAnalysis {
  readonly run: AnalyzedOrigin;
  /** Number of iterations before the checkpoint; the responses are from the next iteration. */
  readonly iteration: number;
  readonly seed: number;
  readonly numGroups: number;
  readonly numResponses: number;
  readonly vocabularySize: number;
  readonly measures: readonly MeasureAgreement[];
  /** Coefficients of each response by measure, `[response]`. */
  readonly coefficients: Readonly<Record<string, readonly number[]>>;
}

/** Options of {@link analyzeUncertainty}. */
export interface UncertaintyOptions {
  /**
   * Number of iterations before the checkpoint. Default: the newest checkpoint whose next iteration
   * is recorded.
   */
  readonly iteration?: number;
  /** Number of groups to compare, drawn at random, `>= 2`. Default 8. */
  readonly groups?: number;
  /**
   * Values of k, ascending: the entropies are computed as if the engine reported only the k most
   * likely tokens. Default 2, 5, 20.
   */
  readonly topK?: readonly number[];
  /** Seed of the random draws. Default: the seed of the run. */
  readonly seed?: number;
}

/**
 * Compares AEM's coefficients for the measures of uncertainty that engines report: exact entropies;
 * lower bounds of entropies from the k most likely tokens (remote samplers); surprisals of the
 * sampled tokens (Tinker learners). All are computed for the same recorded responses, under the
 * policy that sampled them. Top-k log-probs come from the checkpoint's policy, at temperature 1.
 *
 * @throws `InputError` if the checkpoint or its batch is missing, or the run's learner has no exact
 *   entropies.
 */
export async function analyzeUncertainty(
  run: Run,
  { iteration, groups = 8, topK = [2, 5, 20], seed = run.config.seed }: UncertaintyOptions = {},
): Promise<UncertaintyAnalysis> {
  const { folder, config, reporter } = run;
  const checkpoint = await findCheckpoint(folder, iteration);
  const { iterations } = checkpoint.state;
  reporter.now("reading responses");
  const batch = await readRecordedBatch(createFolderSource(folder.path), iterations + 1);
  const names = [...new Set(batch.map(({ group }) => group))];
  const random = createRandom(seed).fork("uncertainty");
  const drawn = new Set(random.fork("groups").shuffle(names).slice(0, groups));
  const responses = batch.filter(({ group }) => drawn.has(group));
  const { modulator, record } = resolveAem(config);

  const largest = Math.max(...topK);
  const { vocabularySize, tops } = await withPolicy(run, checkpoint, async (policy) => {
    const { entropies } = policy.learner.capabilities;
    if (entropies !== "exact") {
      throw new InputError(
        `${folder.path}: model.source must have a learner that reports exact entropies, got ${config.model.source}, whose learner reports ${entropies}`,
      );
    }
    const found = await sampleTopLogProbs(policy.sampler, responses, largest, (done) =>
      reporter.now(`most likely tokens: ${formatPercent(done)} of ${responses.length} responses`),
    );
    return { vocabularySize: policy.tokenizer.vocabularySize, tops: found };
  });
  const bounds = new Map<string, EntropyBounds[]>(
    topK.map((k) => [`top-${k}`, boundEntropies(tops, k, vocabularySize)]),
  );
  const coefficientsOf = (measure: (response: RecordedResponse, index: number) => Uncertainty) =>
    modulator.modulate(
      responses.map((response, i) => toCredited(response, measure(response, i))),
      random.fork("modulate"),
    ).coefficients;
  const exact = modulator.modulate(
    responses.map((response) => toCredited(response)),
    random.fork("modulate"),
  ).coefficients;
  const coefficients = {
    exact,
    ...Object.fromEntries(
      [...bounds].map(([name, own]) => [
        name,
        coefficientsOf((_, i) => ({ kind: "entropy", entropies: own[i]!.low })),
      ]),
    ),
    surprisal: coefficientsOf(({ oldLogProbs }) => ({ kind: "surprisal", logProbs: oldLogProbs })),
  };
  const groupOf = responses.map(({ group }) => group);
  return {
    run: readOrigin(folder),
    iteration: iterations,
    seed,
    numGroups: drawn.size,
    numResponses: responses.length,
    vocabularySize,
    measures: Object.entries(coefficients).map(([name, own]) => ({
      measure: name,
      ...compareCoefficients(exact, own, groupOf),
      ...measureBounds(bounds.get(name), groupOf, record.minEntropyRange ?? 0),
    })),
    coefficients,
  };
}

/**
 * Compares coefficients from a measure of uncertainty with those from exact entropies.
 * @param exact - Coefficients from exact entropies, `[response]`.
 * @param measured - Coefficients from the measure to compare, `[response]`.
 * @param groups - Group of each response.
 */
export function compareCoefficients(
  exact: readonly number[],
  measured: readonly number[],
  groups: readonly string[],
): Omit<MeasureAgreement, "measure" | "undecidedShare" | "meanBoundWidth"> {
  const members = partitionIndices(groups);
  const isDead = (coefficients: readonly number[]): boolean[] =>
    members.map((own) => own.every((i) => coefficients[i] === 1));
  const [deadExact, deadMeasured] = [isDead(exact), isDead(measured)];
  const share = (flags: readonly boolean[]): number => flags.filter(Boolean).length / flags.length;
  const modulated = members.filter((_, group) => !deadExact[group]!);
  const rankOf = (own: readonly number[]): number | undefined =>
    rankCorrelation(
      own.map((i) => exact[i]!),
      own.map((i) => measured[i]!),
    );
  const within = modulated.map(rankOf).filter((value) => value !== undefined);
  const pooled = rankOf(modulated.flat());
  return {
    deadZoneShare: share(deadMeasured),
    sameDecisionShare: share(deadExact.map((dead, group) => dead === deadMeasured[group])),
    ...(pooled !== undefined && { rankCorrelation: pooled }),
    ...(within.length >= 2 && { withinGroups: tInterval(within) }),
    meanDifference: mean(exact.map((value, i) => Math.abs(measured[i]! - value))),
  };
}

/** Computes the mean width of top-k bounds, and the share of groups for which they are too wide. */
function measureBounds(
  bounds: readonly EntropyBounds[] | undefined,
  groups: readonly string[],
  minEntropyRange: number,
): Pick<MeasureAgreement, "undecidedShare" | "meanBoundWidth"> {
  if (bounds === undefined) return {};
  const widths = bounds.map(({ low, high }) =>
    mean(low.map((bound, token) => high[token]! - bound)),
  );
  const members = partitionIndices(groups);
  const undecided = members.filter((own) => own.some((i) => widths[i]! > minEntropyRange));
  return { undecidedShare: undecided.length / members.length, meanBoundWidth: mean(widths) };
}

/** Maximum number of responses plotted per panel, so that dots remain distinguishable. */
const maxDots = 400;

/** Creates the plot and paragraph about the measures of uncertainty. */
export function reportUncertainty(analysis: UncertaintyAnalysis): AnalysisReport {
  const { measures, coefficients, numResponses, numGroups, vocabularySize } = analysis;
  const others = measures.filter(({ measure }) => measure !== "exact");
  const stride = Math.max(1, Math.ceil(numResponses / maxDots));
  const exact = coefficients["exact"]!;
  const shown = exact.map((_, i) => i).filter((i) => i % stride === 0);
  const sentence = ({ measure, ...one }: MeasureAgreement): string =>
    `${measure}: rank correlation ${formatCorrelation(one.rankCorrelation)}, dead zone ${formatPercent(one.deadZoneShare)}, same decision in ${formatPercent(one.sameDecisionShare)} of the groups, mean difference ${one.meanDifference.toFixed(3)}${one.undecidedShare === undefined ? "" : `, bounds ${one.meanBoundWidth!.toFixed(3)} nats wide, too wide to decide the dead zone in ${formatPercent(one.undecidedShare)}`}`;
  const exactShare = measures.find(({ measure }) => measure === "exact")!.deadZoneShare;
  return {
    name: "uncertainty",
    title: "What do engines without exact entropies lose?",
    data: analysis,
    figures: [
      {
        file: "uncertainty.svg",
        caption: `Coefficients of the same responses from exact entropies and from other measures${stride === 1 ? "" : `, every ${stride}th response`}.`,
        svg: plotPoints({
          title: "Coefficients",
          panels: others.map(({ measure }) => ({
            title: measure,
            series: [
              {
                name: measure,
                color: measure === "surprisal" ? 1 : 0,
                points: shown.map((i) => ({ x: exact[i]!, y: coefficients[measure]![i]! })),
              },
            ],
          })),
          xLabel: "coefficient from exact entropies",
          yLabel: "from the measure",
          xLine: 1,
          yLine: 1,
        }),
      },
    ],
    paragraph: `${numResponses} responses of ${numGroups} groups, sampled by the policy after iteration ${analysis.iteration} of ${describeRun(analysis.run)}; vocabulary ${vocabularySize}. Against coefficients from exact entropies (dead zone ${formatPercent(exactShare)}): ${others.map(sentence).join("; ")}. Correlations are over responses of the groups that exact entropies modulate. The paper has no such figure: it uses exact entropies throughout.`,
  };
}
