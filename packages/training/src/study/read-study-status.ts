import { join } from "node:path";
import { isLocked } from "../files/lock.ts";
import { planCells } from "./plan-cells.ts";
import type { StudyFile } from "./read-study.ts";
import { readCells, type StudyFolder } from "./study-folder.ts";

/** Progress of one arm in one experiment. */
export interface ArmStatus {
  readonly experiment: string;
  readonly arm: string;
  readonly planned: number;
  readonly finished: number;
  readonly failed: number;
  readonly running: number;
  /** Mean wall-clock time of a finished cell, seconds; absent if no cell is finished. */
  readonly meanSeconds?: number;
}

/** Progress of a study. */
export interface StudyStatus {
  readonly arms: readonly ArmStatus[];
  /** Error messages of failed cells, by name. */
  readonly failures: Readonly<Record<string, string>>;
  /**
   * Estimated wall-clock time to run the unfinished cells sequentially, seconds; absent if unknown.
   */
  readonly secondsLeft?: number;
}

/** Reads the progress of a study from its folder; also works while the study runs. */
export async function readStudyStatus(file: StudyFile, folder: StudyFolder): Promise<StudyStatus> {
  const cells = await readCells(folder.cells);
  const arms = new Map<string, { -readonly [K in keyof ArmStatus]: ArmStatus[K] }>();
  const walls = new Map<string, number[]>();
  const failures: Record<string, string> = {};
  for (const { name, experiment, arm } of await planCells(file)) {
    const key = `${experiment}-${arm}`;
    const row = arms.get(key) ?? {
      experiment,
      arm,
      planned: 0,
      finished: 0,
      failed: 0,
      running: 0,
    };
    arms.set(key, row);
    row.planned += 1;
    const cell = cells.get(name);
    if (cell?.outcome === "finished") {
      row.finished += 1;
      walls.set(key, [...(walls.get(key) ?? []), cell.seconds.wall]);
    } else if (await isLocked(join(folder.locks, `${name}.lock`))) {
      row.running += 1;
    } else if (cell !== undefined) {
      row.failed += 1;
      failures[name] = cell.message;
    }
  }
  const mean = (values: readonly number[]): number =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const overall = mean([...walls.values()].flat());
  let secondsLeft = 0;
  const rows = Array.from(arms, ([key, row]): ArmStatus => {
    const own = walls.get(key);
    secondsLeft += (row.planned - row.finished) * (own ? mean(own) : overall);
    return own ? { ...row, meanSeconds: mean(own) } : row;
  });
  return {
    arms: rows,
    failures,
    ...(Number.isFinite(secondsLeft) && { secondsLeft }),
  };
}
