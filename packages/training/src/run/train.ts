import { join } from "node:path";
import { createRandom } from "@turnwise/core";
import type { TaskSource } from "@turnwise/envs";
import { checkModulatorNeeds } from "../loop/check-needs.ts";
import { withLock } from "../files/lock.ts";
import { createAlgorithm, createModulator, noParts, type Parts } from "../experiment/experiment.ts";
import { createActivityTracker, joinObservers } from "../health/activity-tracker.ts";
import { createExporter } from "../export/create-exporter.ts";
import { followRun } from "../export/follow-run.ts";
import { describeExport, startExport } from "../export/run-export.ts";
import { startWatchdog, systemClock } from "../health/watchdog.ts";
import { startHeartbeat } from "../records/heartbeat.ts";
import type { Reporter } from "../report/progress.ts";
import { findResumePoint } from "./find-resume-point.ts";
import { reinforce } from "./reinforce.ts";
import type { RunFolder } from "./run-folder.ts";
import type { Run } from "./run.ts";
import { warmStart } from "./warm-start.ts";

/** Options of {@link train}. */
export interface TrainOptions {
  /** Where to stop: after the warm start and the first evaluation, or at the end. Default `end`. */
  readonly end?: "start" | "end";
}

/** Maximum duration of exports after the end of a run, seconds. */
const maxExportSeconds = 60;

/** Name of the lock in a run folder, held by the process that trains the run. */
const lockName = "run.lock";

/**
 * Runs the configuration of a run folder from its newest checkpoint to the end. Random draws depend
 * only on the seed and the position in the run, so an interrupted and resumed run gives the same
 * metrics as an uninterrupted one.
 * @param tasks - Tasks of the configuration.
 * @param parts - Components of the experiment's module.
 */
export async function train(
  folder: RunFolder,
  tasks: TaskSource,
  reporter: Reporter,
  parts: Parts = noParts,
  { end = "end" }: TrainOptions = {},
): Promise<void> {
  await withLock(join(folder.path, lockName), `run ${folder.path}`, () =>
    trainLocked(folder, tasks, reporter, parts, end),
  );
}

async function trainLocked(
  folder: RunFolder,
  tasks: TaskSource,
  reporter: Reporter,
  parts: Parts,
  end: "start" | "end",
): Promise<void> {
  const { config } = folder;
  await folder.checkResumable();
  const point = await findResumePoint(folder, reporter);
  await folder.rewind(point.logs, (done, total) =>
    reporter.now(`checking recorded files: ${done} of ${total}`),
  );
  const warn = (message: string): void => reporter.warn(message);
  const exporting = startExport(
    followRun(folder.path, Date.now),
    config.exports.map((settings) => createExporter(settings, folder.path)),
    warn,
  );
  const activities = createActivityTracker(systemClock.now);
  const run: Run = {
    folder,
    config,
    reporter,
    activities: { ...activities, observe: joinObservers([activities.observe, exporting.observe]) },
    parts,
    algorithm: await createAlgorithm(config, parts),
    modulator: await createModulator(config, parts),
    tasks,
    random: createRandom(config.seed),
  };
  const { model } = config;
  if (model.source !== "custom") {
    const entropies = model.source === "tinker" ? "surprisal" : "exact";
    checkModulatorNeeds(run.modulator, entropies, tasks.format);
  }
  const heartbeat = await startHeartbeat(folder.path, warn);
  const stopWatchdog = startWatchdog(run.activities, config.watchdog, warn);
  folder.onRecorded(exporting.advance);
  // Open the targets now, so that a page that watches the run need not wait for the first metrics.
  exporting.advance();
  const finishExport = async (state: "finished" | "stopped"): Promise<void> => {
    if (config.exports.length > 0) reporter.now("exporting the rest of the run");
    for (const report of await exporting.finish(state, maxExportSeconds)) {
      const text = describeExport(report);
      if (report.numFailed > 0) reporter.warn(text, { ...report });
      else reporter.say(text);
    }
  };
  try {
    if (!point.isWarm) await warmStart(run, point);
    await reinforce(run, point.isWarm ? point : undefined, end);
    await folder.flush();
  } catch (cause) {
    // Earlier records must remain readable. Ignore a write error here, because the first error is
    // reported.
    await folder.flush().catch(() => undefined);
    await heartbeat.stop("stopped");
    await finishExport("stopped");
    throw cause;
  } finally {
    stopWatchdog();
  }
  await heartbeat.stop("finished");
  await finishExport("finished");
}
