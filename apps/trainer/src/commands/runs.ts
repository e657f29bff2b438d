import { formatCount } from "@turnwise/core";
import { resolve, join } from "node:path";
import {
  checkRun,
  createTextReporter,
  formatBytes,
  formatPercent,
  InputError,
  readInput,
} from "@turnwise/training";
import { readSavedEvaluation, readSummary } from "@turnwise/training/reader";
import {
  createFolderSource,
  listRunFolders,
  measureFolder,
  type FolderSize,
  type RunFolderEntry,
} from "@turnwise/training/reader/node";
import { Command } from "commander";
import { formatAge } from "../show/format-age.ts";
import { alignColumns } from "../show/align-columns.ts";

/** A run or an evaluation in the list. */
interface ListedRun {
  readonly path: string;
  readonly kind: RunFolderEntry["kind"];
  /**
   * State: `finished`, `running`, `interrupted` or `failed`; `unfinished` for an evaluation without
   * a report.
   */
  readonly state: string;
  readonly experiment?: string;
  readonly algorithm?: string;
  readonly modulator?: string;
  readonly seed?: number;
  readonly iterations?: number;
  readonly numIterations?: number;
  readonly success?: number;
  /** Reason why the folder could not be read; only with state `damaged`. */
  readonly error?: string;
  /** Modification time of the newest file, ISO 8601. */
  readonly modifiedAt: string;
  readonly bytes: number;
}

/** `turnwise runs`: lists the runs and evaluations of a folder. */
export function buildRunsCommand(): Command {
  return new Command("runs")
    .addCommand(buildCheckCommand())
    .description("list runs and evaluations with their state and result, the newest last")
    .argument("[folder]", "folder to search, including the studies in it", "runs")
    .option("--json", "print one JSON object per line")
    .action(async (folder: string, { json }: { readonly json?: boolean }) => {
      const found = await readInput(() => listRunFolders(folder));
      const measured = await Promise.all(
        found.map(async (entry) => ({
          ...entry,
          ...(await measureFolder(join(folder, entry.path))),
        })),
      );
      const order = measured.sort((a, b) => a.modifiedAt - b.modifiedAt);
      if (json === true) {
        for (const entry of order) {
          process.stdout.write(`${JSON.stringify(await describeEntry(folder, entry))}\n`);
        }
        return;
      }
      if (order.length === 0) {
        throw new InputError(
          `${resolve(folder)}: no runs or evaluations found (turnwise train NAME creates a run)`,
        );
      }
      const rows: ListedRun[] = [];
      for (const entry of order) rows.push(await describeEntry(folder, entry));
      process.stdout.write(tabulateRuns(rows, Date.now()));
    });
}

/** `turnwise runs check`: checks every file of a run against its digest. */
function buildCheckCommand(): Command {
  return new Command("check")
    .description(
      "check a run for missing or damaged files, logs and states; exit code 1 if there are any",
    )
    .argument("<run>", "run folder")
    .option("--json", "print the result as JSON")
    .action(async (path: string, { json }: { readonly json?: boolean }) => {
      const reporter = createTextReporter(process.stderr);
      const { problems, ...counts } = await readInput(() =>
        checkRun(path, (done, total) => reporter.now(`checking files: ${done} of ${total}`)),
      ).finally(() => reporter.close());
      const { numCheckpoints, numFiles, numLines } = counts;
      const size = `${formatCount(numFiles, "file")}, ${formatCount(numCheckpoints, "checkpoint")}, ${formatCount(numLines, "line")} of metrics`;
      const text = [
        ...problems,
        `${path}: ${problems.length === 0 ? "no damage" : `${problems.length} damaged`}, ${size}`,
      ].join("\n");
      process.stdout.write(`${json === true ? JSON.stringify({ problems, ...counts }) : text}\n`);
      if (problems.length > 0) process.exitCode = 1;
    });
}

async function describeEntry(
  folder: string,
  entry: RunFolderEntry & FolderSize,
): Promise<ListedRun> {
  const { kind, bytes, modifiedAt } = entry;
  const path = join(folder, entry.path);
  const common = { path, kind, bytes, modifiedAt: new Date(modifiedAt).toISOString() };
  try {
    return { ...common, ...(await readEntry(path, kind)) };
  } catch (cause) {
    return { ...common, state: "damaged", error: (cause as Error).message };
  }
}

async function readEntry(
  path: string,
  kind: RunFolderEntry["kind"],
): Promise<Omit<ListedRun, "path" | "kind" | "bytes" | "modifiedAt">> {
  const source = createFolderSource(path);
  if (kind === "evaluation") {
    const { environment, report, options } = await readSavedEvaluation(source);
    const { success } = report ?? {};
    const { seed } = options;
    return {
      state: report === undefined ? "unfinished" : "finished",
      experiment: environment,
      ...(typeof seed === "number" && { seed }),
      ...(typeof success === "number" && { success }),
    };
  }
  const { experiment, algorithm, modulator, state, iterations, ...rest } = await readSummary(
    source,
    Date.now(),
  );
  const { seed, numIterations, success } = rest;
  return {
    state,
    experiment,
    algorithm,
    modulator,
    iterations,
    ...(seed !== undefined && { seed }),
    ...(numIterations !== undefined && { numIterations }),
    ...(success !== undefined && { success }),
  };
}

function tabulateRuns(rows: readonly ListedRun[], now: number): string {
  const header = ["folder", "experiment", "algorithm", "modulator", "seed", "state", "done"];
  const table = alignColumns(
    [
      [...header, "success", "age", "size"],
      ...rows.map((row) => [
        row.path,
        row.experiment ?? "-",
        row.algorithm ?? (row.kind === "evaluation" ? "(evaluation)" : "-"),
        row.modulator ?? "-",
        String(row.seed ?? "-"),
        row.state,
        row.iterations === undefined ? "-" : `${row.iterations}/${row.numIterations ?? "?"}`,
        row.success === undefined ? "-" : formatPercent(row.success),
        formatAge(now - Date.parse(row.modifiedAt)),
        formatBytes(row.bytes),
      ]),
    ],
    new Set([4, 6, 7, 8, 9]),
  );
  const errors = rows.flatMap(({ error }) => (error === undefined ? [] : [error]));
  return `${[...table, ...(errors.length > 0 ? ["", ...errors] : [])].join("\n")}\n`;
}
