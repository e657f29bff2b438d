import { modulators } from "@turnwise/aem";
import { algorithmPresets } from "@turnwise/estimators";
import type { ExperimentSettings } from "../experiment/experiment-schema.ts";
import type { ModuleRecord } from "../experiment/experiment-module.ts";
import type { Parts } from "../experiment/experiment.ts";
import { layerSettings, type Overlay } from "../experiment/layer-settings.ts";
import {
  findExperiment,
  createExperiment,
  type FoundExperiment,
} from "../experiments/find-experiment.ts";
import { InputError } from "../input-error.ts";
import { isSettings, mergeSettings, type Settings } from "../settings/merge-settings.ts";
import { didYouMean } from "../settings/suggest.ts";
import { computeDigest } from "./canonical-json.ts";
import { formatCellName } from "./cell.ts";
import { resolveExperimentPath, type StudyFile } from "./read-study.ts";
import { runsIn, listArms, type Study, type StudyArm } from "./study-schema.ts";

/** Plan of a cell that has not run yet. */
export interface CellPlan {
  /** Name: `EXPERIMENT-ARM-seedN`. */
  readonly name: string;
  readonly experiment: string;
  readonly arm: string;
  readonly seed: number;
  readonly settings: ExperimentSettings;
  /** Components of the experiment's module. */
  readonly parts: Parts;
  /** Module of the experiment; absent for a built-in one. */
  readonly module?: ModuleRecord;
  readonly moduleSha256?: string;
  /** Settings in which the cell differs from the published experiment. */
  readonly overlay: Settings;
  readonly settingsSha256: string;
}

/**
 * Plans all cells of a study, ordered by seed, so that the cells of a pair complete together.
 * @throws `InputError` naming the study file, the arm and the first invalid setting.
 */
export async function planCells(file: StudyFile): Promise<CellPlan[]> {
  const { study } = file;
  const arms = listArms(study);
  const found = new Map<string, FoundExperiment>();
  for (const { experiment } of study.experiments) {
    const path = resolveExperimentPath(file, experiment);
    if (!found.has(path)) found.set(path, await findExperiment(path));
  }
  const plans: CellPlan[] = [];
  for (const seed of study.seeds) {
    for (const entry of study.experiments) {
      const path = resolveExperimentPath(file, entry.experiment);
      const { create, module } = found.get(path)!;
      const { settings: published, parts } = await createExperiment(path, create, seed);
      for (const arm of arms) {
        if (!runsIn(arm, entry.name)) continue;
        const identity = { experiment: entry.name, arm: arm.name, seed };
        const base = { source: entry.experiment, settings: published };
        const { settings, layers } = layerSettings(base, listOverlays(file, entry, arm));
        checkMetric(file, entry.name, settings);
        const moduleSha256 = module && computeDigest(module.files);
        plans.push({
          ...identity,
          name: formatCellName(identity),
          settings,
          parts,
          ...(module && { module }),
          ...(moduleSha256 !== undefined && { moduleSha256 }),
          overlay: layers
            .slice(1)
            .reduce<unknown>((tree, layer) => mergeSettings(tree, layer.settings), {}) as Settings,
          settingsSha256: computeDigest({ settings, moduleSha256 }),
        });
      }
    }
  }
  return plans;
}

/** Checks that the evaluation of a cell measures the primary metric. */
function checkMetric(
  { path, study: { metric } }: StudyFile,
  experiment: string,
  { evaluation, tasks }: ExperimentSettings,
): void {
  if (!evaluation.modes.includes(metric.mode)) {
    throw new InputError(
      `${path}: metric.mode must be one of evaluation.modes of ${experiment} (${evaluation.modes.join(", ")}), got ${metric.mode}`,
    );
  }
  // The splits of a module's task source are known only after it is opened.
  if (!("evaluation" in tasks)) return;
  const splits = tasks.evaluation.map(({ split }) => split);
  if (metric.split === undefined || splits.some((split) => split === metric.split)) return;
  throw new InputError(
    `${path}: metric.split must be a split of ${experiment} (${splits.join(", ")}), got ${metric.split}`,
  );
}

/**
 * Lists the changes of an experiment for one arm: from the experiment entry, the arm and the study.
 */
function listOverlays(
  { path, study }: StudyFile,
  entry: Study["experiments"][number],
  arm: StudyArm,
): Overlay[] {
  const source = `${path}: arms.${arm.name}`;
  const { algorithm, modulator } = arm;
  return [
    {
      source: `${path}: experiments.${entry.name}.settings`,
      isVariant: true,
      apply: (settings) => mergeSettings(settings, entry.settings),
    },
    ...(algorithm === undefined
      ? []
      : [createReplacement(`${source}.algorithm`, "algorithm", algorithm, algorithmPresets)]),
    ...(modulator === undefined
      ? []
      : [createReplacement(`${source}.modulator`, "modulation", modulator, modulators)]),
    {
      source: `${source}.settings`,
      apply: (settings) => mergeSettings(settings, arm.settings),
    },
    {
      source: `${path}: evaluation`,
      isVariant: true,
      apply: (settings) => setNumTasks(settings, study.evaluation.numTasks),
    },
  ];
}

/**
 * Creates the change of an algorithm or modulator record: a preset with changes, or changes to the
 * experiment's own record.
 */
function createReplacement(
  source: string,
  key: "algorithm" | "modulation",
  { preset, ...changes }: Settings & { readonly preset?: string | undefined },
  presets: Readonly<Record<string, unknown>>,
): Overlay {
  if (preset !== undefined && !Object.hasOwn(presets, preset)) {
    const names = Object.keys(presets);
    throw new InputError(
      `${source} must be one of ${names.join(", ")}, got ${preset}${didYouMean(preset, names)}`,
    );
  }
  return {
    source,
    isVariant: true,
    apply: (settings) => {
      const whole = settings as Settings;
      const base = preset === undefined ? whole[key] : presets[preset];
      return { ...whole, [key]: mergeSettings(base, changes) };
    },
  };
}

/** Sets the number of tasks in every split, if the environment has such a setting. */
function setNumTasks(settings: unknown, numTasks: number): unknown {
  const { tasks } = settings as ExperimentSettings;
  if (!("evaluation" in tasks)) return settings;
  const evaluation = tasks.evaluation.map((split) =>
    isSettings(split) ? { ...split, numTasks } : split,
  );
  return { ...(settings as ExperimentSettings), tasks: { ...tasks, evaluation } };
}
