import { computed, signal } from "@preact/signals";
import { loadRun, loadRunList, type ViewedRun } from "./data/load-runs.ts";
import { readTokenText, type TokenText } from "./data/token-text.ts";
import { readAllIndexes } from "./data/read-all-indexes.ts";
import { TableBuilder, type TrajectoryTable } from "./data/trajectory-table.ts";
import type { TableNames } from "./data/filter-table.ts";

/** Interval at which runs in progress are read again, seconds. */
const refreshSeconds = 2;

/**
 * Time until the first update of the page while indexes are read; each further interval is twice as
 * long.
 */
const updateMilliseconds = 500;

/** Runs of the page, in the order of the command line. */
export const runs = signal<readonly ViewedRun[]>([]);
/** True if files can change while the page is open. */
export const isLive = signal(false);
/** False while the server does not respond; the page then shows the data read so far. */
export const isConnected = signal(true);
/** Errors that prevent something from being shown, one line each. */
export const problems = signal<readonly string[]>([]);
/** True until the small files of all runs were read. */
export const isLoading = signal(true);

const builder = new TableBuilder();
const segmentsRead = new Map<string, Set<string>>();
/** All trajectories; grows while indexes are read. */
export const table = signal<TrajectoryTable>(builder.table());
/** Number of segments whose index was read, and of all segments. */
export const indexProgress = signal({ read: 0, total: 0 });

/** Names that queries can use. */
export const tableNames = computed<TableNames>(() => ({
  runs: runs.value.map(({ name }) => name),
  stages: runs.value.map(({ segments }) => segments.map(({ metrics }) => metrics.stage)),
}));

/** Reads the data for the first view, and follows runs in progress. */
export async function startPage(): Promise<void> {
  try {
    const list = await loadRunList();
    isLive.value = list.isLive;
    const loaded = await Promise.allSettled(
      list.runs.map((run, position) => loadRun(run, position, list.isLive)),
    );
    const failed = loaded.flatMap((result) =>
      result.status === "rejected" ? [messageOf(result.reason)] : [],
    );
    // Positions count only runs that can be shown.
    runs.value = loaded
      .flatMap((result) => (result.status === "fulfilled" ? [result.value] : []))
      .map((run, position) => ({ ...run, position }));
    problems.value = [...failed, ...runs.value.flatMap((run) => run.problems)];
  } catch (error) {
    problems.value = [messageOf(error)];
  }
  isLoading.value = false;
  await readNewIndexes();
  if (isLive.value) scheduleRefresh();
}

/** Message of any thrown value. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function readNewIndexes(): Promise<void> {
  const update = (): void => {
    table.value = builder.table();
    indexProgress.value = {
      read: [...segmentsRead.values()].reduce((total, { size }) => total + size, 0),
      total: runs.value.reduce((total, { segments }) => total + segments.length, 0),
    };
  };
  let nextUpdate = performance.now() + updateMilliseconds;
  let wait = updateMilliseconds;
  const report = (): void => {
    // Update rarely, because each update computes all curves and draws the page.
    if (performance.now() < nextUpdate) return;
    update();
    wait *= 2;
    nextUpdate = performance.now() + wait;
  };
  try {
    const errors = await readAllIndexes(builder, runs.value, segmentsRead, report);
    if (errors.length > 0) problems.value = [...problems.value, ...errors];
  } catch (error) {
    // The next refresh of the runs requests missing indexes again.
    if (isLive.value) isConnected.value = false;
    else problems.value = [...problems.value, messageOf(error)];
  }
  update();
}

function scheduleRefresh(): void {
  setTimeout(() => void refresh().finally(scheduleRefresh), refreshSeconds * 1000);
}

/** Reads the new data of runs in progress; finished runs do not change. */
async function refresh(): Promise<void> {
  if (document.hidden) return;
  const changed = await Promise.all(
    runs.value.map(async (run) => {
      if (run.progress.state === "finished") return run;
      try {
        const next = await loadRun(run, run.position, true);
        isConnected.value = true;
        // A file is being written: the page shows what it has.
        if (next.problems.length > run.problems.length) return run;
        return isSame(run, next) ? run : next;
      } catch (error) {
        // Metrics are being written, or the server was stopped: keep showing the data read so far.
        if (!(error instanceof RangeError)) isConnected.value = false;
        return run;
      }
    }),
  );
  const { read, total } = indexProgress.value;
  if (read === total && changed.every((run, i) => run === runs.value[i])) return;
  runs.value = changed;
  await readNewIndexes();
}

function isSame(a: ViewedRun, b: ViewedRun): boolean {
  return (
    a.metrics.length === b.metrics.length &&
    a.timings.length === b.timings.length &&
    a.progress.state === b.progress.state
  );
}

const tokenTexts = new Map<string, Promise<TokenText>>();

/** Tokenizers of runs, each read once. */
export function tokenTextOf(run: ViewedRun): Promise<TokenText> {
  const known = tokenTexts.get(run.id);
  if (known !== undefined) return known;
  const text = readTokenText(run.source);
  tokenTexts.set(run.id, text);
  return text;
}
