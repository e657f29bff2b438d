import { createHash } from "node:crypto";
import { readIndexRow } from "../records/index-file.ts";
import { createFolderSource } from "../reader/folder-source.ts";
import { listSegments, readEpisodes, type Segment } from "../reader/read-trajectories.ts";
import { readMetrics, readTimings, type RecordedMetrics } from "../reader/read-run.ts";
import type { RunSource } from "../reader/run-source.ts";
import { isSettings } from "../settings/merge-settings.ts";
import type { CellEvaluation, StudyCell } from "./cell.ts";
import { packBits } from "./pack-bits.ts";

/** Metrics of each iteration that a cell file contains. */
const trainingMetrics = [
  "success",
  "score",
  "return",
  "turns",
  "responseTokens",
  "invalidActions",
  "keptGroups",
  "responses",
  "meanTokenEntropy",
  "meanTokenEntropyPositive",
  "meanTokenEntropyNegative",
  "positiveShare",
  "modulatedPositive",
  "modulatedNegative",
  "coefficientMin",
  "coefficientMax",
  "deadZoneShare",
  "gradientNorm",
] as const;

/** Significant digits of the metrics of an iteration. */
const digits = 5;

/** Numbers of a finished run that a cell file contains. */
export type CellNumbers = Pick<StudyCell, "training" | "evaluations" | "tokens"> & {
  /** Wall-clock time of all iterations by phase, seconds. */
  readonly seconds: Pick<StudyCell["seconds"], "collect" | "score" | "update">;
};

/** Summarizes the files of a finished run. @throws `RangeError` for files that are missing or damaged. */
export async function summarizeRun(path: string): Promise<CellNumbers> {
  const source = createFolderSource(path);
  const metrics = await readMetrics(source);
  const iterations = metrics.filter(({ stage }) => stage === "iteration");
  const evaluations: CellEvaluation[] = [];
  for (const segment of listSegments(metrics)) {
    if (segment.metrics.stage === "evaluation") {
      evaluations.push(await summarizeEvaluation(source, segment));
    }
  }
  const timings = await readTimings(source);
  return {
    training: collectTrainingCurves(iterations),
    evaluations,
    seconds: sumFields(timings, "seconds", ["collect", "score", "update"]),
    tokens: sumFields(timings, "numTokens", ["sampled", "read", "trained"]),
  };
}

/** Collects the metrics of each iteration by name, for a cell file. */
export function collectTrainingCurves(lines: readonly RecordedMetrics[]): StudyCell["training"] {
  const present = trainingMetrics.filter((name) =>
    lines.some((line) => typeof line[name] === "number"),
  );
  return Object.fromEntries(
    present.map((name) => [
      name,
      lines.map((line) => {
        const value = line[name];
        return typeof value === "number" ? Number(value.toPrecision(digits)) : null;
      }),
    ]),
  );
}

async function summarizeEvaluation(
  source: RunSource,
  { name, metrics }: Segment,
): Promise<CellEvaluation> {
  const { index } = await readEpisodes(source, name);
  const rows = Array.from({ length: index.numRows }, (_, i) => readIndexRow(index, i));
  const isUngraded = rows.map(({ outcome }) => outcome.startsWith("failed:"));
  const kinds = [...new Set(rows.map(({ kind }) => kind))].sort();
  const hash = createHash("sha256");
  for (const { task } of rows) hash.update(`${JSON.stringify(task)}\n`);
  const { phase, split, mode, iteration } = metrics;
  return {
    phase: phase as CellEvaluation["phase"],
    iteration,
    split: String(split),
    mode: mode as CellEvaluation["mode"],
    metrics: pickNumbers(metrics),
    byKind: Object.fromEntries(
      kinds.map((kind) => {
        const graded = rows.filter((row, i) => row.kind === kind && !isUngraded[i]);
        const solved = graded.filter(({ success }) => success === 1).length;
        return [kind, { graded: graded.length, solved }];
      }),
    ),
    tasksSha256: hash.digest("hex"),
    numTasks: rows.length,
    solved: packBits(rows.map(({ success }) => success === 1)),
    ungraded: rows.flatMap((_, i) => (isUngraded[i] ? [i] : [])),
  };
}

/** Selects the metrics of a line, without its position in the run. */
function pickNumbers(line: RecordedMetrics): Record<string, number> {
  const position = new Set(["warmStartEpoch", "iteration"]);
  const entries = Object.entries(line).flatMap(([name, value]): [string, number][] =>
    typeof value === "number" && !position.has(name) ? [[name, Number(value.toPrecision(8))]] : [],
  );
  return Object.fromEntries(entries);
}

/** Sums fields of an object over all lines. */
function sumFields<K extends string>(
  lines: readonly RecordedMetrics[],
  key: string,
  fields: readonly K[],
): Record<K, number> {
  const sum = (field: K): number =>
    lines.reduce((total, line) => {
      const object = line[key];
      const value = isSettings(object) ? object[field] : undefined;
      return total + (typeof value === "number" ? value : 0);
    }, 0);
  return Object.fromEntries(
    fields.map((field) => [field, Number(sum(field).toPrecision(6))]),
  ) as Record<K, number>;
}
