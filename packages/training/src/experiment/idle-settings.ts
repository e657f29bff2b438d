import type { EnvironmentTasks } from "../environments/environment.ts";
import { findEnvironment } from "../environments/environments.ts";
import { InputError } from "../input-error.ts";
import type { ExperimentSettings } from "./experiment-schema.ts";
import type { IdleRule } from "./idle-rule.ts";
import type { SettingsLayer } from "./setting-rows.ts";

const imitation = [
  "slipShare",
  "renames",
  "epochs",
  "minibatchSize",
  "learningRate",
  "finalShare",
  "contextWeight",
].map((name) => `warmStart.${name}`);

const clipping = ["clipLow", "clipHigh", "dualClip", "ratioCap", "logRatioLimits"];

/**
 * Training settings used only by reinforcement learning. The warm start uses all other settings
 * too.
 */
const reinforcement = [
  "groupsPerIteration",
  "groupSize",
  "temperature",
  "minibatches",
  "epochs",
  "learningRate",
  "finalShare",
  "warmUpUpdates",
].map((name) => `training.${name}`);

/** Rules that apply in every environment. */
const rules: readonly IdleRule<unknown>[] = [
  {
    paths: imitation,
    isIdle: ({ warmStart }) => warmStart.numDemonstrations === 0,
    why: "with warmStart.numDemonstrations 0",
  },
  {
    paths: imitation.filter((path) => path !== "warmStart.epochs"),
    isIdle: ({ warmStart }) => warmStart.epochs === 0,
    why: "with warmStart.epochs 0",
  },
  {
    paths: ["warmStart."],
    isIdle: ({ model }) => model.source === "custom",
    why: "with a custom model, which has no warm start",
  },
  {
    paths: ["engine."],
    isIdle: ({ model }) => model.source === "tinker" || model.source === "custom",
    why: "with model.source tinker or custom: the model runs elsewhere",
  },
  {
    paths: ["engine.gpu"],
    isIdle: ({ engine }) => engine.provider === "cpu",
    why: "with engine.provider cpu",
  },
  {
    paths: ["engine.weightStorage"],
    isIdle: ({ model }) => !(model.source === "folder" && model.adapter !== null),
    why: "without an adapter: trained weights are always float32 in memory",
  },
  {
    paths: ["evaluation."],
    isIdle: ({ tasks }) => (tasks as Partial<EnvironmentTasks>).evaluation?.length === 0,
    why: "with tasks.evaluation []",
  },
  {
    paths: ["episode.recordedStates"],
    isIdle: ({ episode, tasks }) =>
      episode.recordedStates === "evaluations" &&
      (tasks as Partial<EnvironmentTasks>).evaluation?.length === 0,
    why: "with value evaluations and tasks.evaluation []",
  },
  {
    paths: ["evaluation.temperature"],
    isIdle: ({ evaluation: { every, modes }, training }) =>
      !modes.includes("sampled") && (every === 0 || every >= training.iterations),
    why: "if all evaluations are greedy (evaluation.modes)",
  },
  {
    paths: ["failures.retrySeconds"],
    isIdle: ({ failures }) => failures.patienceSeconds === 0,
    why: "with failures.patienceSeconds 0",
  },
  {
    paths: clipping.map((name) => `algorithm.surrogate.${name}`),
    isIdle: ({ algorithm, training }) =>
      algorithm.surrogate.kind === "clipped" && training.minibatches * training.epochs === 1,
    why: "with training.minibatches x training.epochs 1: all ratios are 1 in the only update of an iteration",
  },
  {
    paths: ["algorithm.", "modulation.", "checkpoints.every", ...reinforcement],
    isIdle: ({ training }) => training.iterations === 0,
    why: "with training.iterations 0",
  },
];

/**
 * Throws if the user changed a setting that has no effect in this combination.
 * @throws {@link InputError} naming the setting and the reason.
 */
export function refuseIdle(
  { source, settings: changed }: SettingsLayer,
  settings: ExperimentSettings,
): void {
  const { idleRules = [] } = findEnvironment(settings.tasks.environment) ?? {};
  for (const rule of [...rules, ...idleRules]) {
    const path = rule.paths
      .map((one) => findChanged(changed, one))
      .find((one) => one !== undefined);
    if (path === undefined || !rule.isIdle(settings)) continue;
    throw new InputError(`${source}: ${path} has no effect ${rule.why}`);
  }
}

/**
 * Finds the path itself, or the first changed setting below it; `undefined` if nothing was changed.
 */
function findChanged(changed: unknown, path: string): string | undefined {
  let inner = changed;
  for (const key of path.split(".").filter((part) => part !== "")) {
    if (typeof inner !== "object" || inner === null || !(key in inner)) return undefined;
    inner = (inner as Readonly<Record<string, unknown>>)[key];
  }
  if (!path.endsWith(".")) return path;
  const [first] = Object.keys(inner as object);
  return first === undefined ? undefined : `${path}${first}`;
}
