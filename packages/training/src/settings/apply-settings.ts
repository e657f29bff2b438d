import { mergeSettings } from "./merge-settings.ts";
import { InputError } from "../input-error.ts";

/**
 * Applies settings of the form `path=value` to a configuration, in order. A path names keys and
 * list items: `training.iterations=10`, `tasks.evaluation.0.numTasks=8`,
 * `tasks.evaluation[0].numTasks=8`; the index after the last item appends an item. A value is
 * parsed as JSON; if it is not JSON, it is a text.
 * @returns A new configuration, not checked.
 * @throws {@link InputError} for another form, and for items that do not exist.
 */
export function applySettings(config: unknown, settings: readonly string[]): unknown {
  return settings.reduce<unknown>((value, setting) => {
    const split = setting.indexOf("=");
    if (split < 1) {
      throw new InputError(`--set: setting must have the form field=value, got ${setting}`);
    }
    const path = setting
      .slice(0, split)
      .replaceAll(/\[(\d+)\]/gu, ".$1")
      .split(".");
    return setAt(value, path, parseValue(setting.slice(split + 1)), "");
  }, config);
}

function parseValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text; // The text is not JSON, so use it as it is.
  }
}

function setAt(base: unknown, path: readonly string[], value: unknown, parent: string): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return mergeSettings(base, value);
  if (!Array.isArray(base)) {
    const inner = (base as Readonly<Record<string, unknown>> | null | undefined)?.[key];
    return mergeSettings(base, { [key]: setAt(inner, rest, value, `${parent}${key}.`) });
  }
  const index = /^\d+$/u.test(key) ? Number(key) : Number.NaN;
  if (!(index <= base.length)) {
    throw new InputError(
      `--set: ${parent}${key} must be an index of the list, or its length to add an item, in [0, ${base.length}], got ${key}`,
    );
  }
  const list: readonly unknown[] = base;
  return [
    ...list.slice(0, index),
    setAt(list[index], rest, value, `${parent}${key}.`),
    ...list.slice(index + 1),
  ];
}
