import { findEnvironment } from "../environments/environments.ts";
import { InputError } from "../input-error.ts";
import { checkConfig, checkFields } from "../settings/config.ts";
import { mergeSettings } from "../settings/merge-settings.ts";
import type { ExperimentSettings } from "./experiment-schema.ts";
import { refuseIdle } from "./idle-settings.ts";
import { findSettingDifferences, type SettingsLayer } from "./setting-rows.ts";

/** Change of settings by the user. */
export interface Overlay {
  /** Source of the change, for messages: a file, `--set`, or an option. */
  readonly source: string;
  /** Applies the change; the result is not checked. */
  readonly apply: (settings: unknown) => unknown;
  /**
   * True if the change defines a variant of the experiment, so that its settings count as the
   * experiment's own.
   */
  readonly isVariant?: boolean;
}

/** Settings, and the layers from which they come. */
export interface LayeredSettings {
  readonly settings: ExperimentSettings;
  readonly layers: readonly SettingsLayer[];
}

/**
 * Applies changes to the settings of an experiment, in order. Fields are checked after each change.
 * Combinations are checked only at the end, because a later change may make them valid.
 * @throws `InputError` naming the first field that is unknown, out of range, without effect or in
 *   conflict with the tasks.
 */
export function layerSettings(
  experiment: SettingsLayer,
  overlays: readonly Overlay[],
): LayeredSettings {
  let settings = checkConfig(experiment.settings, experiment.source);
  const layers: SettingsLayer[] = [{ source: experiment.source, settings }];
  const changes: SettingsLayer[] = [];
  for (const { source, apply, isVariant } of overlays) {
    const changed = checkFields(apply(settings), source);
    const layer = { source, settings: computeDifferenceTree(settings, changed) };
    layers.push(layer);
    if (isVariant !== true) changes.push(layer);
    settings = changed;
  }
  checkConfig(settings, overlays.at(-1)?.source ?? experiment.source);
  for (const layer of changes) refuseIdle(layer, settings);
  const conflict = findConflict(settings);
  if (conflict !== undefined) throw new InputError(`${experiment.source}: ${conflict}`);
  return { settings, layers };
}

function findConflict(settings: ExperimentSettings): string | undefined {
  return findEnvironment(settings.tasks.environment)?.findConflict?.(settings as never);
}

/** Builds a tree of the changed settings. */
function computeDifferenceTree(before: unknown, after: unknown): unknown {
  return findSettingDifferences(before, after).reduce<unknown>(
    (tree, { path, right }) =>
      mergeSettings(
        tree,
        path.split(".").reduceRight<unknown>((inner, key) => ({ [key]: inner }), right),
      ),
    {},
  );
}
