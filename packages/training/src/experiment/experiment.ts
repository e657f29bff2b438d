import type { Modulator } from "@turnwise/aem";
import type { Objective, Random } from "@turnwise/core";
import type { TaskSource } from "@turnwise/envs";
import type {
  AdvantageEstimator,
  Algorithm,
  AlgorithmNeeds,
  AlgorithmParts,
  CompiledAlgorithm,
  RolloutCorrector,
} from "@turnwise/estimators";
import { compileAlgorithmSettings, compileModulatorSettings } from "../settings/config.ts";
import { InputError } from "../input-error.ts";
import type { TrainingPolicy } from "../policy/training-policy.ts";
import type { CustomSettings } from "./custom.ts";
import type { ExperimentInput, ExperimentSettings } from "./experiment-schema.ts";
import { checkOptions, toPart, type Part, type PartLike } from "./part.ts";

/** Settings of the run that a task source may read. */
export interface TaskContext {
  readonly seed: number;
  readonly episode: ExperimentSettings["episode"];
}

/** Seed, tasks and requirements of the run, from which a policy is opened. */
export interface PolicyContext {
  readonly seed: number;
  readonly random: Random;
  readonly tasks: TaskSource;
  readonly training: ExperimentSettings["training"];
  readonly needs: AlgorithmNeeds;
}

/** Opens the policy to train. */
export interface PolicySource {
  readonly name: string;
  open(context: PolicyContext): Promise<TrainingPolicy>;
}

/**
 * Complete description of a run: settings as plain data, and custom components in place of records.
 * The module of an experiment exports a function of a seed that returns an experiment.
 */
export type Experiment = Omit<ExperimentInput, "tasks" | "model" | "algorithm" | "modulation"> & {
  readonly tasks: ExperimentInput["tasks"] | PartLike<TaskSource, TaskContext>;
  readonly model: ExperimentInput["model"] | PartLike<PolicySource>;
  readonly algorithm: Omit<Algorithm, "advantages" | "surrogate" | "rolloutCorrection"> & {
    readonly advantages: Algorithm["advantages"] | PartLike<AdvantageEstimator>;
    readonly surrogate: Algorithm["surrogate"] | PartLike<Objective>;
    readonly rolloutCorrection: Algorithm["rolloutCorrection"] | PartLike<RolloutCorrector>;
  };
  readonly modulation: ExperimentInput["modulation"] | PartLike<Modulator>;
};

/** Discriminators of the records that a component may replace, by path. */
const discriminators = {
  tasks: "environment",
  model: "source",
  modulation: "kind",
  "algorithm.advantages": "kind",
  "algorithm.surrogate": "kind",
  "algorithm.rolloutCorrection": "kind",
} as const;

type PartPath = keyof typeof discriminators;

/** Components of an experiment by their path. */
export type Parts = ReadonlyMap<PartPath, Part<unknown, never>>;

/** Components of a built-in experiment: none. */
export const noParts: Parts = new Map();

/**
 * Splits an experiment into settings, which are plain data, and components.
 * @throws `TypeError` for a component without a name.
 */
export function splitExperiment(experiment: Experiment): {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly parts: Parts;
} {
  const parts = new Map<PartPath, Part<unknown, never>>();
  const split = (value: unknown, path: PartPath): unknown => {
    const part = toPart<unknown, never>(value);
    if (part === undefined) return value;
    parts.set(path, part);
    return { [discriminators[path]]: "custom", name: part.name, options: part.options };
  };
  const { tasks, model, modulation, algorithm } = experiment;
  const settings = {
    ...experiment,
    tasks: split(tasks, "tasks"),
    model: split(model, "model"),
    algorithm: {
      ...algorithm,
      advantages: split(algorithm.advantages, "algorithm.advantages"),
      surrogate: split(algorithm.surrogate, "algorithm.surrogate"),
      rolloutCorrection: split(algorithm.rolloutCorrection, "algorithm.rolloutCorrection"),
    },
    modulation: split(modulation, "modulation"),
  };
  return { settings, parts };
}

/**
 * Creates the component with the name in custom settings.
 * @throws {@link InputError} if the experiment has no such component, or the options are invalid.
 */
export async function createPart<T>(
  parts: Parts,
  path: PartPath,
  { name, options }: CustomSettings,
  context?: unknown,
): Promise<T> {
  const part = parts.get(path) as Part<T> | undefined;
  if (part?.name !== name) {
    throw new InputError(
      `${path}.name must name a component of the experiment's module (${part?.name ?? "which has none"}), got ${name}`,
    );
  }
  let checked: Readonly<Record<string, unknown>>;
  try {
    checked = checkOptions(part, options, `${path}.options`);
  } catch (cause) {
    throw new InputError((cause as Error).message, { cause });
  }
  return part.create(checked, context);
}

/**
 * Creates the modulator of a run.
 * @throws {@link InputError} if the options of a custom part are invalid.
 */
export async function createModulator(
  { modulation }: ExperimentSettings,
  parts: Parts,
): Promise<Modulator> {
  if (modulation.kind !== "custom") return compileModulatorSettings(modulation, "config");
  return createPart<Modulator>(parts, "modulation", modulation);
}

/**
 * Compiles the algorithm of a run.
 * @throws {@link InputError} if the options of a custom part are invalid.
 */
export async function createAlgorithm(
  { algorithm }: ExperimentSettings,
  parts: Parts,
): Promise<CompiledAlgorithm> {
  const { advantages, surrogate, rolloutCorrection } = algorithm;
  const made: AlgorithmParts = {
    ...(advantages.kind === "custom" && {
      advantages: await createPart<AdvantageEstimator>(parts, "algorithm.advantages", advantages),
    }),
    ...(surrogate.kind === "custom" && {
      surrogate: await createPart<Objective>(parts, "algorithm.surrogate", surrogate),
    }),
    ...(rolloutCorrection.kind === "custom" && {
      rolloutCorrection: await createPart<RolloutCorrector>(
        parts,
        "algorithm.rolloutCorrection",
        rolloutCorrection,
      ),
    }),
  };
  // A component's name may include its options, so use the full name in the record too.
  const withName = <T extends { readonly kind: string }>(
    choice: T,
    part: { readonly name: string } | undefined,
  ): T => (part === undefined ? choice : { ...choice, name: part.name });
  return compileAlgorithmSettings(
    "config",
    {
      ...algorithm,
      advantages: withName(advantages, made.advantages),
      surrogate: withName(surrogate, made.surrogate),
      rolloutCorrection: withName(rolloutCorrection, made.rolloutCorrection),
    },
    made,
  );
}

/**
 * Finds the components of a run's built-in experiment, to resume the run.
 * @param entries - The built-in experiments.
 */
export function findBuiltInParts(
  { experiment, seed }: Pick<ExperimentSettings, "experiment" | "seed">,
  entries: readonly { readonly name: string; readonly create: (seed: number) => Experiment }[],
): Parts {
  const entry = entries.find(({ name }) => name === experiment);
  return entry === undefined ? noParts : splitExperiment(entry.create(seed)).parts;
}
