import type { Modulator } from "@turnwise/aem";
import type { TaskSource } from "@turnwise/envs";
import type { CompiledAlgorithm } from "@turnwise/estimators";
import { checkConfig } from "../settings/config.ts";
import { openTasks } from "../environments/open-tasks.ts";
import type { ExperimentSettings } from "./experiment-schema.ts";
import {
  createAlgorithm,
  createModulator,
  splitExperiment,
  type Experiment,
} from "./experiment.ts";

/** Checked experiment and its parts, ready for `trainIteration`. */
export interface OpenedExperiment {
  readonly settings: ExperimentSettings;
  /** Tasks; the caller must close them. */
  readonly tasks: TaskSource;
  readonly algorithm: CompiledAlgorithm;
  readonly modulator: Modulator;
}

/**
 * Checks an experiment and creates its parts, for programs that call the training loop themselves.
 * @throws `InputError` naming the first invalid setting.
 */
export async function openExperiment(experiment: Experiment): Promise<OpenedExperiment> {
  const { settings: given, parts } = splitExperiment(experiment);
  const settings = checkConfig(given, experiment.experiment);
  const algorithm = await createAlgorithm(settings, parts);
  const modulator = await createModulator(settings, parts);
  return { settings, algorithm, modulator, tasks: await openTasks(settings, parts) };
}
