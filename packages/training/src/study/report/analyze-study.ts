import { holmAdjust } from "@turnwise/statistics";
import { InputError } from "../../input-error.ts";
import { didYouMean } from "../../settings/suggest.ts";
import { formatCellName, type FailedCell, type StudyCell } from "../cell.ts";
import type { StudyFile } from "../read-study.ts";
import { listFamilyExperiments, runsIn, listArms, type Study } from "../study-schema.ts";
import { compareArms, type Comparison } from "./compare-arms.ts";
import { measureCell, type CellMeasures } from "./measure-cell.ts";
import { summarizeArm, type ArmSummary } from "./summarize-arm.ts";

/** Comparison that the study file defines. */
export interface PlannedComparison extends Comparison {
  /**
   * Sign-flip p, corrected for all comparisons in the family (Holm); absent with fewer than 2
   * pairs.
   */
  readonly adjustedP?: number;
}

/** Comparisons whose p values are corrected together. */
export interface FamilyAnalysis {
  readonly name: string;
  readonly comparisons: readonly PlannedComparison[];
}

/** State of a planned cell. */
export interface CellState {
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  readonly state: "finished" | "failed" | "missing";
  /** Primary metric, if the cell is finished. */
  readonly value?: number;
  /** Error message, if the cell has failed. */
  readonly message?: string;
  /** SHA-256 of the study file when the cell ran; `settingsSha256`: of the cell's settings. */
  readonly studySha256?: string;
  readonly settingsSha256?: string;
  readonly processor?: string;
  readonly wallSeconds?: number;
}

/** All results of a study, as plain JSON data. */
export interface StudyAnalysis {
  readonly name: string;
  readonly question: string;
  /** SHA-256 of the study file. */
  readonly sha256: string;
  readonly metric: Study["metric"];
  readonly seeds: readonly number[];
  readonly notes: readonly string[];
  /** Arms with at least one finished cell, in the order of the study file. */
  readonly arms: readonly ArmSummary[];
  readonly families: readonly FamilyAnalysis[];
  /** All planned cells, ordered by experiment, arm and seed. */
  readonly cells: readonly CellState[];
}

/** Parts of a study file that reports need. */
export type AnalyzedStudy = Pick<StudyFile, "study" | "sha256">;

/**
 * Analyzes the cells of a study. The seed is the unit of replication: each cell gives one number
 * per measure. Task types are analyzed separately.
 * @param cells - All cells that ran; cells of other experiments, arms or seeds are ignored.
 * @throws `InputError` naming a cell that lacks the primary metric, or a pair of cells that were
 * evaluated on different tasks.
 */
export function analyzeStudy(
  { study, sha256 }: AnalyzedStudy,
  cells: readonly (StudyCell | FailedCell)[],
): StudyAnalysis {
  const { name, question, metric, seeds, notes } = study;
  const byName = new Map(cells.map((cell) => [formatCellName(cell), cell]));
  const grid = study.experiments.flatMap(({ name: experiment }) =>
    listArms(study)
      .filter((arm) => runsIn(arm, experiment))
      .map((arm) => ({ experiment, arm: arm.name })),
  );
  const states: CellState[] = [];
  const measures = new Map<string, CellMeasures[]>();
  for (const position of grid) {
    const finished: CellMeasures[] = [];
    for (const seed of seeds) {
      const cell = byName.get(formatCellName({ ...position, seed }));
      const measured = cell?.outcome === "finished" ? measureCell(cell, metric) : undefined;
      if (measured !== undefined) finished.push(measured);
      states.push(toCellState({ ...position, seed }, cell, measured));
    }
    measures.set(formatArmKey(position), finished);
  }
  return {
    name,
    question,
    sha256,
    metric,
    seeds,
    notes,
    arms: grid.flatMap((position) => {
      const finished = measures.get(formatArmKey(position))!;
      return finished.length === 0 ? [] : [summarizeArm(finished, metric.measure)];
    }),
    families: study.families.map((family) => {
      const comparisons = listFamilyExperiments(study, family).flatMap((experiment) =>
        family.pairs.map(([treatment, baseline]) =>
          compareArms(
            { experiment, treatment, baseline },
            measures.get(formatArmKey({ experiment, arm: treatment }))!,
            measures.get(formatArmKey({ experiment, arm: baseline }))!,
            metric.measure,
          ),
        ),
      );
      return { name: family.name, comparisons: adjustFamily(comparisons) };
    }),
    cells: states,
  };
}

/**
 * Compares any two arms of a study in each of its experiments.
 * @throws The errors of {@link analyzeStudy}; `InputError` for an unknown arm.
 */
export function compareStudyArms(
  file: AnalyzedStudy,
  cells: readonly (StudyCell | FailedCell)[],
  treatment: string,
  baseline: string,
): FamilyAnalysis {
  const arms = listArms(file.study).map(({ name }) => name);
  for (const arm of [treatment, baseline]) {
    if (arms.includes(arm)) continue;
    throw new InputError(
      `arm must be one of ${arms.join(", ")}, got ${arm}${didYouMean(arm, arms)}`,
    );
  }
  const pair: Study["families"][number] = { name: "unplanned", pairs: [[treatment, baseline]] };
  if (listFamilyExperiments(file.study, pair).length === 0) {
    throw new InputError(`arms must run in the same experiment, got ${treatment}, ${baseline}`);
  }
  const { families } = analyzeStudy({ ...file, study: { ...file.study, families: [pair] } }, cells);
  return families[0]!;
}

const formatArmKey = ({ experiment, arm }: Pick<CellState, "experiment" | "arm">): string =>
  `${experiment}\n${arm}`;

/**
 * Corrects the sign-flip p values of a family. Comparisons with fewer than two pairs count as tests
 * with p = 1, because the family was fixed in advance.
 */
function adjustFamily(comparisons: readonly Comparison[]): PlannedComparison[] {
  const adjusted = holmAdjust(comparisons.map(({ paired }) => paired?.signFlip.p ?? 1));
  return comparisons.map((comparison, i) => ({
    ...comparison,
    ...(comparison.paired && { adjustedP: adjusted[i]! }),
  }));
}

function toCellState(
  position: Pick<CellState, "experiment" | "arm" | "seed">,
  cell: StudyCell | FailedCell | undefined,
  measured: CellMeasures | undefined,
): CellState {
  if (cell === undefined) return { ...position, state: "missing" };
  return {
    ...position,
    state: cell.outcome,
    ...(measured && { value: measured.value }),
    ...(cell.outcome === "failed" && { message: cell.message }),
    studySha256: cell.study.sha256,
    settingsSha256: cell.settingsSha256,
    processor: cell.processor,
    ...(cell.outcome === "finished" && { wallSeconds: cell.seconds.wall }),
  };
}
