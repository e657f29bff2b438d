import { pickOption } from "@turnwise/core";
import { z } from "zod";
import { isSettings } from "../settings/merge-settings.ts";
import { unwrapSchema } from "../settings/schema-parts.ts";
import { describeType } from "../settings/describe-type.ts";

/** Setting of an experiment, with its description. */
export interface SettingRow {
  /** Path with dots: `training.groupSize`. */
  readonly path: string;
  readonly value: unknown;
  /** Source of the value: the experiment, a file, `--set`, or a preset. */
  readonly source: string;
  /** Type and range: `whole number >= 1`. */
  readonly type: string;
  /** Unit of the number, if it has one. */
  readonly unit?: string;
  /** Default that applies if a file omits the setting. */
  readonly default?: unknown;
  /** Effect of the setting. */
  readonly effect?: string;
}

/** Settings from one source; later layers take precedence. */
export interface SettingsLayer {
  readonly source: string;
  readonly settings: unknown;
}

/**
 * Lists all settings of a checked value with their descriptions, in the order of the schema.
 * @param layers - Layers in the order in which they were applied.
 */
export function listSettingRows(
  schema: z.core.$ZodType,
  value: unknown,
  layers: readonly SettingsLayer[],
): SettingRow[] {
  const rows: SettingRow[] = [];
  const visit = (node: z.core.$ZodType, inner: unknown, path: readonly string[]): void => {
    const unwrapped = unwrapSchema(node);
    const bare = pickOption(unwrapped.schema, inner);
    if (bare instanceof z.ZodObject && isSettings(inner)) {
      for (const [key, field] of Object.entries(bare.shape)) {
        if (key in inner) visit(field as z.core.$ZodType, inner[key], [...path, key]);
      }
      return;
    }
    const { description, unit } = unwrapped;
    rows.push({
      path: path.join("."),
      value: inner,
      source: findSource(path, layers),
      type: `${describeType(bare)}${unwrapped.isNullable ? " or null" : ""}`,
      ...(unit !== undefined && { unit }),
      ...("default" in unwrapped && { default: unwrapped.default }),
      ...(description !== undefined && { effect: description }),
    });
  };
  visit(schema, value, []);
  return rows;
}

/** Finds the source of a setting: the last layer that sets it or an object that contains it. */
function findSource(path: readonly string[], layers: readonly SettingsLayer[]): string {
  const setting = layers.findLast(({ settings }) => {
    let inner: unknown = settings;
    for (const key of path) {
      if (!isSettings(inner)) return true;
      if (!(key in inner)) return false;
      inner = inner[key];
    }
    return true;
  });
  return setting?.source ?? "default";
}

/** Setting that differs between two experiments; a side is `undefined` if it lacks the setting. */
export interface SettingDifference {
  readonly path: string;
  readonly left: unknown;
  readonly right: unknown;
}

/** Lists the settings in which two values differ, by path. */
export function findSettingDifferences(left: unknown, right: unknown): SettingDifference[] {
  const differences: SettingDifference[] = [];
  const visit = (a: unknown, b: unknown, path: readonly string[]): void => {
    if (isSettings(a) && isSettings(b)) {
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        visit(a[key], b[key], [...path, key]);
      }
      return;
    }
    if (JSON.stringify(a) !== JSON.stringify(b)) {
      differences.push({ path: path.join("."), left: a, right: b });
    }
  };
  visit(left, right, []);
  return differences;
}
