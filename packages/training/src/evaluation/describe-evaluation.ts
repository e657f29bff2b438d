import type { TokenUsage } from "@turnwise/core";
import { formatDuration, formatPercent, formatThousands } from "../report/format-numbers.ts";
import { describeEvaluation } from "../report/summary.ts";
import type { EvaluationReport } from "./evaluate.ts";
import type { PaperResult } from "./list-paper-results.ts";
import { passAllK, computePassCurve } from "./pass-at-k.ts";
import { formatStopReasons } from "./count-stop-reasons.ts";
import { measureSuccess, measureSuccessByKind, type SuccessRate } from "./measure-success.ts";
import { computeCost, countTokens, type TokenPrices } from "./count-tokens.ts";

/** Facts about an evaluation that its episodes do not contain. */
export interface EvaluationContext {
  /** Number of episodes per task. */
  readonly samples: number;
  /** Time in which this process played episodes, seconds; excludes the time before a resume. */
  readonly seconds: number;
  /** Prices; absent: no cost is reported. */
  readonly prices?: TokenPrices | undefined;
  /** Results of the paper on the same benchmark. */
  readonly paper: readonly PaperResult[];
}

/** Summarizes the tokens of all episodes and their cost, if known. */
function summarizeTokens(
  { groups }: EvaluationReport,
  { prices }: EvaluationContext,
): { readonly tokens?: TokenUsage; readonly cost?: number } {
  const tokens = countTokens(groups.flatMap(({ trajectories }) => trajectories));
  if (tokens === undefined) return {};
  return { tokens, ...(prices && { cost: computeCost(tokens, prices) }) };
}

/** Converts an evaluation to a machine-readable record. */
export function toEvaluationRecord(
  report: EvaluationReport,
  context: EvaluationContext,
): Readonly<Record<string, unknown>> {
  const { metrics, byKind, stops, groups } = report;
  const { samples, seconds, paper } = context;
  const rate = measureSuccess(groups);
  return {
    tasks: groups.length,
    ...metrics,
    ...(rate && { successRate: rate }),
    byKind,
    successRateByKind: measureSuccessByKind(groups),
    ...summarizeTokens(report, context),
    seconds,
    stops,
    ...(samples > 1 && {
      passAtK: Object.fromEntries(computePassCurve(groups)),
      passAllK: Object.fromEntries(computePassCurve(groups, passAllK)),
    }),
    ...(paper.length > 0 && { paper }),
  };
}

/** Formats an evaluation as lines of text. */
export function formatEvaluation(report: EvaluationReport, context: EvaluationContext): string[] {
  const { metrics, stops, groups } = report;
  const { samples, seconds, paper } = context;
  const rate = measureSuccess(groups);
  const { tokens, cost } = summarizeTokens(report, context);
  const { invalidActions } = metrics;
  return [
    describeEvaluation(metrics, samples > 1 ? groups.length : undefined).join(", "),
    ...(rate ? formatRates({ ...measureSuccessByKind(groups), all: rate }) : []),
    ...(samples > 1 ? formatPassRates(report) : []),
    ...(metrics["return"] === undefined ? [] : [`return ${metrics["return"].toFixed(2)}`]),
    ...(invalidActions === undefined ? [] : [`invalid actions ${formatPercent(invalidActions)}`]),
    ...(tokens && tokens.promptTokens > 0 ? [`tokens ${formatTokens(tokens)}`] : []),
    ...(cost === undefined ? [] : [`cost ${cost.toFixed(4)}`]),
    `time ${formatDuration(seconds)}`,
    ...formatStopReasons(stops),
    ...formatPaperResults(paper),
  ];
}

function formatTokens({ promptTokens, responseTokens }: TokenUsage): string {
  return `${formatThousands(promptTokens)} in prompts, ${formatThousands(responseTokens)} in responses`;
}

const nameWidth = 33;

/** Formats success rates with their intervals, one line each. */
function formatRates(rates: Readonly<Record<string, SuccessRate>>): string[] {
  const cells = ["success", "95 % interval", "episodes"];
  return [
    `${"type of task".padEnd(nameWidth)}${cells.map((cell) => cell.padStart(16)).join("")}`,
    ...Object.entries(rates).map(([name, { success, low, high, episodes }]) => {
      const interval = `${formatPercent(low)} to ${formatPercent(high)}`;
      const values = [formatPercent(success), interval, String(episodes)];
      return `${name.padEnd(nameWidth)}${values.map((cell) => cell.padStart(16)).join("")}`;
    }),
  ];
}

/** Formats pass@k (at least one success in k episodes) and pass^k (only successes). */
function formatPassRates({ groups }: EvaluationReport): string[] {
  const all = computePassCurve(groups, passAllK);
  return [...computePassCurve(groups)].map(
    ([k, rate]) =>
      `pass@${k} ${formatPercent(rate)}`.padEnd(nameWidth) +
      `pass^${k} ${formatPercent(all.get(k)!)}`,
  );
}

/** Formats the results of the paper, one line each. */
function formatPaperResults(paper: readonly PaperResult[]): string[] {
  if (paper.length === 0) return [];
  const head = "for comparison, trained models of arXiv:2605.00425 on the released benchmark:";
  return [
    head,
    ...paper.map(({ model, algorithm, modulation, success, score }) => {
      const method = modulation === "none" ? algorithm : `${algorithm} + ${modulation}`;
      const values = [
        ...(success === undefined ? [] : [`success ${formatPercent(success)}`]),
        ...(score === undefined ? [] : [`score ${formatPercent(score)}`]),
      ];
      return `${model.padEnd(24)}${method.padEnd(16)}${values.join(", ")}`;
    }),
  ];
}
