import { modulators } from "@turnwise/aem";
import { algorithmPresets } from "@turnwise/estimators";
import {
  applySettings,
  didYouMean,
  findExperiment,
  InputError,
  createLanguageModelRun,
  layerSettings,
  mergeSettings,
  readSettings,
  createExperiment,
  type ExperimentInput,
  type LayeredSettings,
  type ModuleRecord,
  type Overlay,
  type Parts,
} from "@turnwise/training";

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
  /** Module that defines the experiment; absent for a built-in experiment. */
  readonly module?: ModuleRecord;
}

/**
 * Loads an experiment and applies the user's changes: options, then a file, then `--set`.
 * @param shorthand - Applies options of the environment, such as `--games`.
 */
export async function loadExperiment(
  name: string,
  options: SettingsOptions,
  shorthand?: (settings: unknown) => unknown,
): Promise<LoadedExperiment> {
  const { create, module } = await findExperiment(name);
  const { settings, parts } = await createExperiment(name, create, options.seed);
  const overlays = [
    ...(shorthand ? [{ source: "options", apply: shorthand, isVariant: true }] : []),
    ...(await createOverlays(options)),
  ];
  const layered = layerSettings({ source: name, settings }, overlays);
  return { ...layered, parts, ...(module && { module }) };
}

async function createOverlays(options: SettingsOptions): Promise<Overlay[]> {
  const { model, adapterRank, algorithm, modulation, config, set } = options;
  if (model === undefined && adapterRank !== undefined) {
    throw new InputError("train: --adapter-rank needs --model");
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
              createLanguageModelRun(settings as ExperimentInput, model, adapterRank),
          },
        ]),
    ...(algorithm === undefined
      ? []
      : [
          createReplacement(
            "--algorithm",
            "algorithm",
            findByName("--algorithm", algorithm, algorithmPresets),
          ),
        ]),
    ...(modulation === undefined
      ? []
      : [
          createReplacement(
            "--modulation",
            "modulation",
            findByName("--modulation", modulation, modulators),
          ),
        ]),
    ...(config === undefined
      ? []
      : [{ source: config, apply: (settings: unknown) => mergeSettings(settings, file) }]),
    ...(set.length === 0
      ? []
      : [{ source: "--set", apply: (settings: unknown) => applySettings(settings, set) }]),
  ];
}

function createReplacement(source: string, key: string, value: unknown): Overlay {
  return {
    source,
    isVariant: true,
    apply: (settings) => ({ ...(settings as object), [key]: value }),
  };
}

function findByName<T>(option: string, name: string, known: Readonly<Record<string, T>>): T {
  const found = Object.hasOwn(known, name) ? known[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(known);
  throw new InputError(
    `${option} must be one of ${names.join(", ")}, got ${name}${didYouMean(name, names)}`,
  );
}
