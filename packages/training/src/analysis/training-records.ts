import { stat } from "node:fs/promises";
import { join } from "node:path";
import { exists } from "../files/exists.ts";
import { InputError } from "../input-error.ts";
import { RunFolder } from "../run/run-folder.ts";
import { isSettings } from "../settings/merge-settings.ts";
import { readCell, type FailedCell, type StudyCell } from "../study/cell.ts";
import { toCanonicalJson } from "../study/canonical-json.ts";
import { readCells } from "../study/study-folder.ts";
import { collectTrainingCurves } from "../study/summarize-cell.ts";

/** Training metrics, by iteration, of one run or of one cell of a study. */
export interface TrainingRecord {
  /** File or folder of the record, for messages. */
  readonly source: string;
  readonly experiment: string;
  /** Arm of a cell, or kind of a run's modulator. */
  readonly arm: string;
  readonly modulation: string;
  /** Settings except seed and modulator; they must be equal in a comparison of modulators. */
  readonly base: string;
  readonly seed: number;
  /** Curves by metric, `[iteration]`; `null` if an iteration has no value. */
  readonly curves: Readonly<Record<string, readonly (number | null)[]>>;
}

/**
 * Reads the training metrics from run folders, cell files and study folders (all finished cells).
 * @throws `InputError` if a path is none of these, or contains no iterations.
 */
export async function readTrainingRecords(paths: readonly string[]): Promise<TrainingRecord[]> {
  const records = await Promise.all(paths.map(readPath));
  return records.flat();
}

async function readPath(path: string): Promise<TrainingRecord[]> {
  const info = await stat(path).catch(() => undefined);
  if (info === undefined) throw new InputError(`${path}: no such run or cell`);
  if (info.isFile()) return toRecords([await readCell(path)], path);
  const cells = join(path, "cells");
  if (await exists(cells)) {
    return toRecords([...(await readCells(cells)).values()], path);
  }
  if (!(await exists(join(path, "config.json")))) {
    throw new InputError(
      `${path}: path must be a run folder (config.json), a study's folder (cells/) or a cell's file, got none of these`,
    );
  }
  const folder = await RunFolder.open(path);
  const metrics = await folder.readMetrics();
  const iterations = metrics.filter(({ stage }) => stage === "iteration");
  if (iterations.length === 0) {
    throw new InputError(`${path}: metrics.jsonl must have at least one iteration, got none`);
  }
  const { config } = folder;
  const { kind } = config.modulation;
  return [
    {
      source: path,
      experiment: config.experiment,
      arm: kind,
      modulation: kind,
      base: describeBase(config),
      seed: config.seed,
      curves: collectTrainingCurves(iterations),
    },
  ];
}

function toRecords(cells: readonly (StudyCell | FailedCell)[], source: string): TrainingRecord[] {
  const finished = cells.filter((cell) => cell.outcome === "finished");
  if (finished.length === 0)
    throw new InputError(`${source}: study must have at least one finished cell, got none`);
  return finished.map(({ experiment, arm, seed, settings, training }) => {
    const { modulation } = settings;
    return {
      source,
      experiment,
      arm,
      modulation: isSettings(modulation) ? String(modulation["kind"]) : "none",
      base: describeBase(settings),
      seed,
      curves: training,
    };
  });
}

/** Serializes the settings that must be equal in a comparison of modulators. */
function describeBase(settings: Readonly<Record<string, unknown>>): string {
  const { seed: _, modulation: __, checkpoints: ___, engine: ____, ...rest } = settings;
  return toCanonicalJson(rest);
}
