import type { JsonObject, RecordedMetrics } from "@turnwise/training/reader";
import { iterationsOf, metricAt } from "./curves.ts";
import type { ViewedRun } from "./load-runs.ts";

/** Summary of a run. */
export interface RunSummary {
  /** Last iteration of the run. */
  readonly last: RecordedMetrics | undefined;
  /** Success rates of the evaluations before and after training. */
  readonly before: number | undefined;
  readonly after: number | undefined;
  /** Mean rate of sampling over the last iterations. */
  readonly tokensPerSecond: number | undefined;
  /** Recorded times of all phases, and the estimated remaining time of a run in progress. */
  readonly seconds: number;
  readonly secondsLeft: number | undefined;
  readonly modulator: string;
  readonly model: string;
  readonly algorithm: string;
}

const recent = 5;

/** Computes the summary of a run. */
export function summarizeRun(run: ViewedRun): RunSummary {
  const { config, metrics, timings, progress } = run;
  const evaluated = (phase: string): number | undefined => {
    const line = metrics.findLast((one) => one.stage === "evaluation" && one["phase"] === phase);
    return metricAt(line, "success") ?? undefined;
  };
  const times = timings.filter(({ stage }) => stage === "iteration");
  const last = times.slice(-recent);
  const collect = total(last, (line) => secondsOf(line)["collect"] ?? 0);
  const sampled = total(last, (line) => numberOf(line["numTokens"], "sampled"));
  const left = (progress.numIterations ?? 0) - progress.iterations;
  const isRunning = progress.state === "running" && left > 0 && last.length > 0;
  const perIteration = total(last, totalSeconds) / last.length;
  return {
    last: iterationsOf(run).at(-1),
    before: evaluated("before"),
    after: evaluated("after"),
    tokensPerSecond: collect > 0 ? sampled / collect : undefined,
    seconds: total(timings, totalSeconds),
    secondsLeft: isRunning ? left * perIteration : undefined,
    modulator: modulatorText(config["modulation"] as JsonObject | undefined),
    model: modelText(config["model"] as JsonObject | undefined),
    algorithm: algorithmText(config["algorithm"] as JsonObject | undefined),
  };
}

function total(
  lines: readonly RecordedMetrics[],
  measure: (line: RecordedMetrics) => number,
): number {
  return lines.reduce((sum, line) => sum + measure(line), 0);
}

function numberOf(record: unknown, name: string): number {
  const value = (record as JsonObject | undefined)?.[name];
  return typeof value === "number" ? value : 0;
}

/** Seconds of each phase of a line of `timings.jsonl`. */
export function secondsOf(line: RecordedMetrics): Readonly<Record<string, number>> {
  const { seconds } = line;
  if (typeof seconds === "number") return { all: seconds };
  return (seconds as Readonly<Record<string, number>> | undefined) ?? {};
}

function totalSeconds(line: RecordedMetrics): number {
  return Object.values(secondsOf(line)).reduce((sum, seconds) => sum + seconds, 0);
}

/** Describes a modulator: `aem, strength 1, dead zone 0.1`. */
export function modulatorText(modulation: JsonObject | undefined): string {
  const { kind, name, strength, minEntropyRange } = modulation ?? {};
  const parts = [textOf(name) ?? textOf(kind) ?? "none"];
  if (typeof strength === "number") parts.push(`strength ${strength}`);
  if (typeof minEntropyRange === "number") parts.push(`dead zone ${minEntropyRange}`);
  return parts.join(", ");
}

function modelText(model: JsonObject | undefined): string {
  const { source, path, baseModel, hiddenSize, numLayers } = model ?? {};
  if (source === "new")
    return `new model, ${String(numLayers)} layers, hidden size ${String(hiddenSize)}`;
  return textOf(path) ?? textOf(baseModel) ?? textOf(source) ?? "unknown model";
}

const textOf = (value: unknown): string | undefined =>
  typeof value === "string" ? value : undefined;

function algorithmText(algorithm: JsonObject | undefined): string {
  const advantages = (algorithm?.["advantages"] ?? {}) as JsonObject;
  const surrogate = (algorithm?.["surrogate"] ?? {}) as JsonObject;
  return `${String(advantages["kind"])} advantages, ${String(surrogate["kind"])} surrogate`;
}
