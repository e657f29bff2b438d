// oxlint-disable-next-line typescript/triple-slash-reference -- types of a package without its own
/// <reference path="./asciichart.d.ts" />
import { formatCount } from "@turnwise/core";
import { plot } from "asciichart";
import type { MetricsLine, RunFolder } from "../run/run-folder.ts";
import type { Metrics } from "../loop/metrics.ts";
import { describeAdvisory } from "../health/advisory-watch.ts";
import { listAdvisories, type Advisory } from "../reader/advisories.ts";
import { createFolderSource } from "../reader/folder-source.ts";
import { readRunRecords } from "../reader/read-run-records.ts";
import { formatPercent } from "./format-numbers.ts";
import type { Reporter } from "./progress.ts";
import { describeMissingSignal } from "./describe-signal.ts";
import { readTerminalWidth } from "./terminal.ts";

/** Reduces a curve to at most `width` points by averaging neighbours. */
function thinCurve(values: readonly number[], width: number): number[] {
  if (values.length <= width) return [...values];
  return Array.from({ length: width }, (_, i) => {
    const part = values.slice(
      Math.floor((i * values.length) / width),
      Math.floor(((i + 1) * values.length) / width),
    );
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}

/** Repeats the points of a short curve to fill a readable width. */
function stretchCurve(values: readonly number[], width: number): number[] {
  const repeats = Math.max(1, Math.floor(width / Math.max(1, values.length)));
  return values.flatMap((value) => Array.from({ length: repeats }, () => value));
}

/** Draws the success rate of the training episodes by iteration, as text. */
export function drawSuccessCurve(metrics: readonly MetricsLine[]): string {
  const rates = metrics
    .filter((line) => line.stage === "iteration" && line["success"] !== undefined)
    .map((line) => 100 * Number(line["success"]));
  if (rates.length < 2) return "";
  // The axis takes eight columns.
  const width = Math.max(10, Math.min(60, readTerminalWidth(process.stdout) - 8));
  const curve = plot(stretchCurve(thinCurve(rates, width), width), {
    height: 10,
    min: 0,
    max: 100,
    format: (value) => `${value.toFixed(0).padStart(4)}%`,
  });
  const rows = curve.split("\n").map((row) => row.trimEnd());
  return [`success of sampled training episodes, iterations 1 to ${rates.length}`, ...rows].join(
    "\n",
  );
}

/** Tabulates success before and after training, by evaluation split and kind of task, as text. */
export function tabulateEvaluations(metrics: readonly MetricsLine[]): string {
  const lines = metrics.filter(
    ({ stage, ...line }) =>
      stage === "evaluation" && (line["phase"] === "before" || line["phase"] === "after"),
  );
  if (lines.length === 0) return "";
  const keyOf = (line: MetricsLine): string => `${String(line["split"])}, ${String(line["mode"])}`;
  const find = (phase: string, key: string): MetricsLine | undefined =>
    lines.find((line) => line["phase"] === phase && keyOf(line) === key);
  const rows = [...new Set(lines.map(keyOf))].flatMap((key) => {
    const before = find("before", key);
    const after = find("after", key);
    const number = (line: MetricsLine | undefined, kind?: string): string => {
      if (line === undefined) return "-";
      const kinds = line["byKind"] as Record<string, number>;
      const rate = kind === undefined ? line["success"] : kinds[kind];
      return rate === undefined ? "-" : formatPercent(Number(rate));
    };
    const kinds = Object.keys(before?.["byKind"] ?? {});
    const score = (line: MetricsLine | undefined): string =>
      line === undefined ? "-" : formatPercent(Number(line["score"]));
    const hasScore = before?.["score"] !== undefined;
    return [
      [key, number(before), number(after)],
      ...(hasScore ? [["  (score)", score(before), score(after)]] : []),
      ...kinds.map((kind) => [`  ${kind}`, number(before, kind), number(after, kind)]),
    ];
  });
  const isTrainedOn = lines.every((line) => line["split"] === "train");
  const title = `success on tasks ${isTrainedOn ? "" : "not "}trained on`;
  const table = [[title, "before", "after"], ...rows];
  const width = Math.max(...table.map(([name]) => name!.length));
  return table
    .map(([name, ...cells]) =>
      [name!.padEnd(width), ...cells.map((cell) => cell.padStart(8))].join(""),
    )
    .join("\n");
}

/**
 * Describes an evaluation: success rate of the graded episodes, failed episodes, mean score (if the
 * benchmark has a score), mean number of turns.
 * @param numTasks - Number of tasks, if each has several episodes.
 */
export function describeEvaluation(metrics: Metrics, numTasks?: number): string[] {
  const { episodes = 0, graded = 0, failed = 0, success, score, turns } = metrics;
  const ofTasks = numTasks === undefined ? "" : ` of ${formatCount(numTasks, "task")}`;
  return [
    success === undefined
      ? `success not measured, none of ${formatCount(episodes, "episode")}${ofTasks} graded`
      : `success ${formatPercent(success)} of ${formatCount(graded, "episode")}${ofTasks}`,
    `failed ${failed}/${episodes}`,
    ...(score === undefined ? [] : [`score ${formatPercent(score)}`]),
    ...(turns === undefined ? [] : [`${turns.toFixed(1)} turns`]),
  ];
}

/**
 * Reports the result of a run: learning curve, evaluations, advisories of the last iterations, the
 * run's folder, and a suggested command.
 * @param next - Suggested command line.
 */
export async function reportSummary(
  folder: RunFolder,
  next: string | undefined,
  reporter: Reporter,
): Promise<void> {
  const metrics = await folder.readMetrics();
  for (const part of [drawSuccessCurve(metrics), tabulateEvaluations(metrics)]) {
    if (part !== "") reporter.say(`\n${part}`);
  }
  const missing = describeMissingSignal(metrics);
  if (missing !== undefined) reporter.warn(`\n${missing}`);
  await warnOfAdvisories(folder, reporter);
  reporter.say(
    `\nresults: ${folder.path} (config.json, metrics.jsonl, trajectories, checkpoints, policy)`,
  );
  if (next !== undefined) reporter.say(`next: ${next}`);
}

/** Reports the advisories that hold at the end. Damaged records give a warning and do not fail a finished run. */
async function warnOfAdvisories(folder: RunFolder, reporter: Reporter): Promise<void> {
  let advisories: Advisory[];
  try {
    advisories = listAdvisories(await readRunRecords(createFolderSource(folder.path)));
  } catch (cause) {
    reporter.warn(`no advisories, because records cannot be read: ${(cause as Error).message}`);
    return;
  }
  for (const advisory of advisories) {
    reporter.warn(`advisory at the end: ${describeAdvisory(advisory)}`, {
      advisory: advisory.name,
    });
  }
}
