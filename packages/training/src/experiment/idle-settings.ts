import { InputError } from "../input-error.ts";
import type { ExperimentSettings } from "./experiment-schema.ts";
import type { SettingsLayer } from "./setting-rows.ts";

/** Settings that have no effect under a condition. */
interface IdleRule {
  /** Paths with dots; one that ends in `.` names all settings below it. */
  readonly paths: readonly string[];
  readonly isIdle: (settings: ExperimentSettings) => boolean;
  /** Continues "has no effect". */
  readonly why: string;
}

const imitation = [
  "slipShare",
  "renames",
  "epochs",
  "minibatchSize",
  "learningRate",
  "finalShare",
  "contextWeight",
].map((name) => `warmStart.${name}`);

const rules: readonly IdleRule[] = [
  {
    paths: imitation,
    isIdle: ({ warmStart }) => warmStart.numDemonstrations === 0,
    why: "with warmStart.numDemonstrations 0",
  },
  {
    paths: ["warmStart."],
    isIdle: ({ model }) => model.source === "custom",
    why: "with a custom model, which begins as it is",
  },
  {
    paths: ["engine."],
    isIdle: ({ model }) => model.source === "tinker" || model.source === "custom",
    why: "with a model that is not computed here (model.source tinker or custom)",
  },
  {
    paths: ["engine.gpu"],
    isIdle: ({ engine }) => engine.provider === "cpu",
    why: "with engine.provider cpu",
  },
  {
    paths: ["engine.weightStorage"],
    isIdle: ({ model }) => !(model.source === "folder" && model.adapter !== null),
    why: "without an adapter: weights that are trained are in memory",
  },
  {
    paths: ["evaluation.every", "evaluation.temperature"],
    isIdle: ({ tasks }) => "evaluation" in tasks && tasks.evaluation.length === 0,
    why: "with tasks.evaluation []",
  },
  {
    paths: ["tasks.size"],
    isIdle: ({ tasks }) => tasks.environment === "alfworld" && tasks.path !== null,
    why: "with tasks.path, whose games are not generated",
  },
  {
    paths: ["tasks.include", "tasks.strict", "tasks.humanGoals"],
    isIdle: ({ tasks }) => tasks.environment === "alfworld" && tasks.path === null,
    why: "without tasks.path: generated games have neither",
  },
  {
    paths: ["tasks.numProducts"],
    isIdle: ({ tasks }) =>
      tasks.environment === "webshop" && (tasks.products ?? tasks.catalogue) !== null,
    why: "with products that are not generated",
  },
  {
    paths: ["tasks.shownProducts"],
    isIdle: ({ tasks }) => tasks.environment === "webshop" && tasks.format !== "compact",
    why: "without tasks.format compact",
  },
  {
    paths: ["tasks.hurry"],
    isIdle: ({ tasks, warmStart }) =>
      tasks.environment === "webshop" && warmStart.numDemonstrations === 0,
    why: "with warmStart.numDemonstrations 0: only demonstrators hurry",
  },
  {
    paths: ["tasks.demonstrators"],
    isIdle: ({ tasks, warmStart }) =>
      tasks.environment === "swebench" && warmStart.numDemonstrations === 0,
    why: "with warmStart.numDemonstrations 0",
  },
  {
    paths: ["tasks.shownCharacters"],
    isIdle: ({ tasks }) => tasks.environment === "swebench" && tasks.format !== "compact",
    why: "without tasks.format compact",
  },
  {
    paths: ["training.finalShare", "training.warmUpUpdates", "training.learningRate"],
    isIdle: ({ training }) => training.iterations === 0,
    why: "with training.iterations 0",
  },
];

/**
 * Refuses a setting that the user changed and that has no effect in this combination.
 * @throws {@link InputError} naming the setting and the reason.
 */
export function refuseIdle(
  { source, settings: changed }: SettingsLayer,
  settings: ExperimentSettings,
): void {
  for (const { paths, isIdle, why } of rules) {
    const path = paths.map((one) => findChanged(changed, one)).find((one) => one !== undefined);
    if (path === undefined || !isIdle(settings)) continue;
    throw new InputError(`${source}: ${path} has no effect ${why}`);
  }
}

/** The path itself, or the first changed setting below it; `undefined` if none is changed. */
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
