import { readFile } from "node:fs/promises";
import { modulators } from "@turnwise/aem";
import { decodeText } from "@turnwise/core";
import { algorithmPresets } from "@turnwise/estimators";
import {
  applySettings,
  builtInExperiments,
  didYouMean,
  importModule,
  InputError,
  isModulePath,
  languageModelRun,
  layerSettings,
  mergeSettings,
  reading,
  splitExperiment,
  type Experiment,
  type ExperimentInput,
  type LayeredSettings,
  type ModuleRecord,
  type Overlay,
  type Parts,
} from "@turnwise/training";
import { parse as parseYaml } from "yaml";

/** Options that change an experiment's settings. */
export interface SettingsOptions {
  readonly seed: number;
  readonly model?: string;
  readonly adapterRank?: number;
  readonly algorithm?: string;
  readonly modulation?: string;
  readonly config?: string;
  readonly set: readonly string[];
}

/** Experiment with its settings and components. */
export interface LoadedExperiment extends LayeredSettings {
  readonly parts: Parts;
  /** Module that defines it; absent for a built-in experiment. */
  readonly module?: ModuleRecord;
}

/** Finds the experiment with a name, or in a module with a path. */
export async function findExperiment(
  name: string,
): Promise<{ readonly create: (seed: number) => unknown; readonly module?: ModuleRecord }> {
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
  const names = builtInExperiments.map((one) => one.name);
  throw new InputError(
    `experiment must be a name that "turnwise experiments" lists, or a module's path such as ./mine.ts, got ${name}${didYouMean(name, names)}`,
  );
}

/**
 * Loads an experiment and applies the user's changes: options, then a file, then `--set`.
 * @param shorthand - Applies the options of the environment, such as `--games`.
 */
export async function loadExperiment(
  name: string,
  options: SettingsOptions,
  shorthand?: (settings: unknown) => unknown,
): Promise<LoadedExperiment> {
  const { create, module } = await findExperiment(name);
  const { settings, parts } = await runModule(name, create, options.seed);
  const overlays = [
    ...(shorthand ? [{ source: "options", apply: shorthand, isVariant: true }] : []),
    ...(await optionOverlays(options)),
  ];
  const layered = layerSettings({ source: name, settings }, overlays);
  return { ...layered, parts, ...(module && { module }) };
}

/** Makes an experiment and separates its settings from its components; its errors are input errors. */
export async function runModule(
  name: string,
  create: (seed: number) => unknown,
  seed: number,
): Promise<ReturnType<typeof splitExperiment>> {
  return reading(async () => {
    const experiment = (await create(seed)) as Experiment | undefined;
    if (typeof experiment !== "object" || experiment === null) {
      throw new InputError(`${name}: experiment must be an object, got ${typeof experiment}`);
    }
    for (const key of ["tasks", "model", "algorithm", "modulation"] as const) {
      if (experiment[key] === undefined) {
        throw new InputError(`${name}: experiment.${key} must be stated, got none`);
      }
    }
    return splitExperiment(experiment);
  });
}

async function optionOverlays(options: SettingsOptions): Promise<Overlay[]> {
  const { model, adapterRank, algorithm, modulation, config, set } = options;
  if (model === undefined && adapterRank !== undefined) {
    throw new InputError(`train: --adapter-rank must be given with --model, got ${adapterRank}`);
  }
  const file = config === undefined ? undefined : await readSettings(config);
  return [
    ...(model === undefined
      ? []
      : [
          {
            source: "--model",
            isVariant: true,
            apply: (settings: unknown) =>
              languageModelRun(settings as ExperimentInput, model, adapterRank),
          },
        ]),
    ...(algorithm === undefined
      ? []
      : [replacing("--algorithm", "algorithm", find("--algorithm", algorithm, algorithmPresets))]),
    ...(modulation === undefined
      ? []
      : [replacing("--modulation", "modulation", find("--modulation", modulation, modulators))]),
    ...(config === undefined
      ? []
      : [{ source: config, apply: (settings: unknown) => mergeSettings(settings, file) }]),
    ...set.map((one) => ({
      source: "--set",
      apply: (settings: unknown) => applySettings(settings, [one]),
    })),
  ];
}

function replacing(source: string, key: string, value: unknown): Overlay {
  return {
    source,
    isVariant: true,
    apply: (settings) => ({ ...(settings as object), [key]: value }),
  };
}

function find<T>(option: string, name: string, known: Readonly<Record<string, T>>): T {
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(known);
  throw new InputError(
    `${option} must be one of ${names.join(", ")}, got ${name}${didYouMean(name, names)}`,
  );
}

/**
 * Reads a settings file in YAML or JSON.
 * @throws `InputError` naming the file, and the line of a syntax error.
 */
async function readSettings(path: string): Promise<unknown> {
  const value: unknown = await reading(async () => {
    const bytes = await readFile(path).catch((cause: Error) => {
      throw new Error(`${path}: file must be readable, got ${cause.message}`);
    });
    const text = decodeText(bytes, path);
    try {
      // JSON is YAML.
      return parseYaml(text) as unknown;
    } catch (cause) {
      const message = (cause as Error).message.split("\n")[0]!.replace(/:$/u, "");
      throw new Error(`${path}: file must hold YAML or JSON, got ${message}`, { cause });
    }
  });
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  throw new InputError(
    `${path}: config must be an object of settings, got ${JSON.stringify(value)}`,
  );
}
