import { formatCount } from "@turnwise/core";
import {
  drawSuccessCurve,
  formatPercent,
  type MetricsLine,
  tabulateEvaluations,
} from "@turnwise/training";
import {
  listSegments,
  readMetrics,
  readSummary,
  type RecordedEvaluation,
  type RunSource,
} from "@turnwise/training/reader";
import { formatAge } from "./format-age.ts";

/**
 * Describes a run: its kind, its results before and after training, its training curve, and
 * commands that show more.
 */
export async function describeRun(
  source: RunSource,
  { json = false }: { readonly json?: boolean },
): Promise<string[]> {
  const now = Date.now();
  const summary = await readSummary(source, now);
  const metrics = await readMetrics(source);
  const segments = listSegments(metrics).map(({ name }) => name);
  if (json) return [JSON.stringify({ ...summary, segments })];
  const { state, iterations, numIterations, success, startedAt } = summary;
  // The reader of the metrics has already checked the fields of each line.
  const lines = metrics as readonly MetricsLine[];
  const parts = [
    tabulateEvaluations(lines),
    drawSuccessCurve(lines),
    listWhatToShow(source.name, segments),
  ];
  return [
    `${source.name}: ${summary.experiment}, seed ${summary.seed ?? "unknown"}`,
    `  ${state}, ${iterations} of ${numIterations ?? "?"} iterations` +
      (success === undefined ? "" : `, latest success rate ${formatPercent(success)}`),
    `  algorithm ${summary.algorithm}; modulator ${summary.modulator}; records of version ${summary.recordVersion}`,
    ...(startedAt === undefined
      ? []
      : [`  started ${startedAt}, ${formatAge(now - Date.parse(startedAt))} ago`]),
    ...parts.filter((part) => part !== "").flatMap((part) => ["", part]),
  ];
}

function listWhatToShow(name: string, segments: readonly string[]): string {
  const evaluations = segments.flatMap((segment) =>
    segment.startsWith("evaluation-") ? [segment.slice("evaluation-".length)] : [],
  );
  const last = segments.findLast((segment) => segment.startsWith("iteration-"));
  return [
    ...(evaluations.length > 0 ? [`evaluations: ${evaluations.join(", ")}`] : []),
    ...(last === undefined
      ? []
      : [
          `next: turnwise show ${name} --iteration ${Number(last.slice("iteration-".length))} --group 0`,
        ]),
  ].join("\n");
}

/** Describes an evaluation made by `turnwise evaluate`. */
export function describeSavedEvaluation(
  name: string,
  { environment, options, report, episodes }: RecordedEvaluation,
  { json = false }: { readonly json?: boolean },
): string[] {
  const { numRows, columns } = episodes.index;
  if (json) return [JSON.stringify({ environment, options, report, numEpisodes: numRows })];
  const numSolved = columns.success.reduce((sum, value) => sum + value, 0);
  const byKind = (report?.["byKind"] ?? {}) as Readonly<Record<string, number>>;
  return [
    `${name}: evaluation of ${environment}, policy ${String(options["policy"])}`,
    `  ${report === undefined ? "unfinished" : "finished"}, ${formatCount(numRows, "episode")}, ${numSolved} solved`,
    ...Object.entries(byKind).map(
      ([kind, rate]) => `  ${kind.padEnd(32)} ${formatPercent(rate).padStart(6)}`,
    ),
    "",
    `next: turnwise show ${name} --group 0`,
  ];
}
