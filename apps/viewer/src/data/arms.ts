import type { JsonObject } from "@turnwise/training/reader";
import type { ViewedRun } from "./load-runs.ts";

/** Runs with the same configuration, apart from the seed. */
export interface Arm {
  readonly label: string;
  readonly runs: readonly ViewedRun[];
}

/**
 * Sorts runs into arms. The label of an arm consists of the settings in which the arms differ; the
 * label of a single arm is its experiment.
 */
export function groupByArm(runs: readonly ViewedRun[]): Arm[] {
  const arms = new Map<
    string,
    { readonly settings: ReadonlyMap<string, string>; runs: ViewedRun[] }
  >();
  for (const run of runs) {
    const settings = flatten(run.config);
    const key = JSON.stringify([...settings]);
    const arm = arms.get(key) ?? { settings, runs: [] };
    arms.set(key, arm);
    arm.runs.push(run);
  }
  const all = [...arms.values()];
  const names = [...new Set(all.flatMap(({ settings }) => [...settings.keys()]))];
  const differing = names.filter((name) => {
    const values = new Set(all.map(({ settings }) => settings.get(name)));
    return values.size > 1;
  });
  const labels = all.map(
    ({ settings, runs }) => labelOf(settings, differing) || experimentOf(runs[0]!),
  );
  return all.map(({ runs }, i) => ({
    // Arms have equal labels if they differ only in settings that labels omit; then add the name of
    // the first run.
    label:
      labels.indexOf(labels[i]!) === labels.lastIndexOf(labels[i]!)
        ? labels[i]!
        : `${labels[i]} (${runs[0]!.name})`,
    runs,
  }));
}

/** Name of a run's experiment. */
export function experimentOf({ config, name }: ViewedRun): string {
  return typeof config["experiment"] === "string" ? config["experiment"] : name;
}

/** Settings that may differ between runs of one arm: the seed, and settings that do not affect results. */
const ignored = new Set(["seed", "engine", "checkpoints", "watchdog", "exports"]);

function flatten(config: JsonObject): Map<string, string> {
  const settings = new Map<string, string>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, `${path}.${key}`);
    } else settings.set(path.slice(1), typeof value === "string" ? value : JSON.stringify(value));
  };
  for (const [key, value] of Object.entries(config)) {
    if (!ignored.has(key)) visit(value, `.${key}`);
  }
  return settings;
}

/** Settings that come first in labels, because other settings follow from them. */
const leading = ["experiment", "modulation.kind", "modulation.name"];
const maxSettings = 3;

function labelOf(settings: ReadonlyMap<string, string>, differing: readonly string[]): string {
  const named = leading.filter((name) => differing.includes(name));
  if (named.length > 0) {
    return named.flatMap((name) => settings.get(name) ?? []).join(" · ");
  }
  const shown = differing.filter((name) => settings.has(name)).slice(0, maxSettings);
  return shown.map((name) => `${name.split(".").at(-1)} ${settings.get(name)}`).join(", ");
}
