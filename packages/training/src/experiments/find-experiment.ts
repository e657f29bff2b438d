import { importModule, isModulePath, type ModuleRecord } from "../experiment/experiment-module.ts";
import { splitExperiment, type Experiment } from "../experiment/experiment.ts";
import { InputError, readInput } from "../input-error.ts";
import { didYouMean } from "../settings/suggest.ts";
import { builtInExperiments } from "./registry.ts";

/** Experiment as a function of a seed. */
export interface FoundExperiment {
  readonly create: (seed: number) => unknown;
  /** Module that defines the experiment; absent for a built-in experiment. */
  readonly module?: ModuleRecord;
}

/**
 * Finds the experiment with a name, or in a module with a path.
 * @throws `InputError` if there is no such experiment.
 */
export async function findExperiment(name: string): Promise<FoundExperiment> {
  if (isModulePath(name)) {
    const { value, record } = await importModule(name);
    if (typeof value !== "function") {
      throw new InputError(
        `${name}: module must default-export a function of a seed, got ${typeof value}`,
      );
    }
    return { create: value as (seed: number) => unknown, module: record };
  }
  const entry = builtInExperiments.find((one) => one.name === name);
  if (entry !== undefined) return { create: entry.create };
  throw createUnknownExperimentError(name);
}

/** Creates the error for a missing or misspelled experiment. */
export function createUnknownExperimentError(name: string | undefined): InputError {
  const names = builtInExperiments.map((one) => one.name);
  return new InputError(
    `experiment must be a name that "turnwise experiments" lists, or a module's path such as ./mine.ts, got ${name ?? "none"}${didYouMean(name ?? "", names)}`,
  );
}

/**
 * Creates an experiment and separates its settings from its components.
 * @param name - Name of the experiment, for messages.
 * @throws `InputError` for any error that the module throws.
 */
export async function createExperiment(
  name: string,
  create: (seed: number) => unknown,
  seed: number,
): Promise<ReturnType<typeof splitExperiment>> {
  return readInput(async () => {
    const experiment = (await create(seed)) as Experiment | undefined;
    if (typeof experiment !== "object" || experiment === null) {
      throw new InputError(`${name}: experiment must be an object, got ${typeof experiment}`);
    }
    for (const key of ["tasks", "model", "algorithm", "modulation"] as const) {
      if (experiment[key] === undefined) {
        throw new InputError(`${name}: experiment.${key} must be given, got none`);
      }
    }
    return splitExperiment(experiment);
  });
}
