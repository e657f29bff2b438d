import { formatCount } from "@turnwise/core";
import { joinObservers, type ObserveActivity } from "../health/activity-tracker.ts";
import type { RunFollower } from "./follow-run.ts";
import type { RunEvent, RunExporter } from "./run-exporter.ts";

/** Result of an export to one target. */
export interface ExportReport {
  readonly name: string;
  readonly destination: string;
  readonly numEvents: number;
  readonly numFailed: number;
  /** Message of the last failure. */
  readonly lastFailure?: string;
}

/** Export of a run to several targets. */
export interface RunExport {
  /**
   * Starts to export, in the background, everything the run has written since the last call. Never
   * throws.
   */
  readonly advance: () => void;
  /** Observers of the exporters that trace a live run. */
  readonly observe: ObserveActivity;
  /**
   * Exports the remaining events and closes the targets. Never rejects.
   * @param maxSeconds - Time limit; events not exported by then count as failed.
   */
  finish(state: "finished" | "stopped", maxSeconds: number): Promise<ExportReport[]>;
}

interface Target {
  readonly exporter: RunExporter;
  numEvents: number;
  numFailed: number;
  lastFailure?: string;
}

/**
 * Exports the events of a run. Targets do not affect each other or the run: failures are counted,
 * and the first failure of a target gives a warning.
 * @param onFailure - Called with the first failure of a target, one line.
 */
export function startExport(
  follower: RunFollower,
  exporters: readonly RunExporter[],
  onFailure: (message: string) => void,
): RunExport {
  const targets = exporters.map((exporter): Target => ({ exporter, numEvents: 0, numFailed: 0 }));
  const fail = (target: Target, cause: unknown): void => {
    const message = (cause instanceof Error ? cause.message : String(cause)).replaceAll(
      /\s+/gu,
      " ",
    );
    if (target.numFailed === 0) {
      const { name, destination } = target.exporter;
      onFailure(`export ${name} (${destination}): ${message}`);
    }
    target.numFailed += 1;
    target.lastFailure = message;
  };
  const deliver = async (event: RunEvent): Promise<void> => {
    await Promise.all(
      targets.map(async (target) => {
        target.numEvents += 1;
        await target.exporter.handle(event).catch((cause: unknown) => fail(target, cause));
      }),
    );
  };
  const readOn = async (): Promise<void> => {
    try {
      for await (const event of follower.readNew()) await deliver(event);
    } catch (cause) {
      for (const target of targets) fail(target, cause);
    }
  };
  let work = Promise.resolve();
  let isWaiting = false;
  const advance = (): void => {
    // One more pass exports all events written in the meantime.
    if (isWaiting || targets.length === 0) return;
    isWaiting = true;
    work = work.then(() => {
      isWaiting = false;
      return readOn();
    });
  };
  const observers = exporters.flatMap(({ observe }) => (observe ? [guardObserver(observe)] : []));
  return {
    advance,
    observe: joinObservers(observers),
    finish: async (state, maxSeconds) => {
      advance();
      const end = async (): Promise<void> => {
        await work;
        await deliver({ kind: "end", state });
        await Promise.all(
          targets.map(async (target) => {
            await target.exporter.close().catch((cause: unknown) => fail(target, cause));
          }),
        );
      };
      let timer: NodeJS.Timeout | undefined;
      const expired = new Promise<void>((resolve) => {
        timer = setTimeout(() => {
          for (const target of targets) {
            fail(target, new Error(`not finished ${maxSeconds} s after the end of the run`));
          }
          resolve();
        }, 1000 * maxSeconds);
      });
      if (targets.length > 0) await Promise.race([end(), expired]);
      clearTimeout(timer);
      return targets.map(({ exporter: { name, destination }, ...counts }) => ({
        name,
        destination,
        ...counts,
      }));
    },
  };
}

/** Wraps an observer, so that its exceptions do not affect the observed episode. */
function guardObserver(observe: ObserveActivity): ObserveActivity {
  return (activity) => {
    try {
      const end = observe(activity);
      return (trajectory) => {
        try {
          end(trajectory);
        } catch {
          // Ignore the error: at worst, a span in the trace has no end.
        }
      };
    } catch {
      return () => undefined;
    }
  };
}

/** `export tensorboard: 24 events to runs/x/exports/tensorboard, 1 failed (last: disk full)`. */
export function describeExport(report: ExportReport): string {
  const { name, destination, numEvents, numFailed, lastFailure } = report;
  const failures =
    numFailed === 0 ? "" : `, ${numFailed} failed (last: ${lastFailure ?? "unknown"})`;
  return `export ${name}: ${formatCount(numEvents, "event")} to ${destination}${failures}`;
}
