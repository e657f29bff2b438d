/** Object of settings. */
export type Settings = { readonly [key: string]: unknown };

/** True for objects; false for lists, primitive values and null. */
export function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Discriminators: settings whose value determines which other settings exist. */
const kinds = ["environment", "source", "kind"];

/**
 * Merges `changes` into `base` recursively. Lists, primitive values and objects of another kind are
 * replaced completely. A text that replaces an object with a kind selects the kind of this name.
 */
export function mergeSettings(base: unknown, changes: unknown): unknown {
  if (!isSettings(base)) return changes;
  if (typeof changes === "string") {
    const kind = kinds.find((name) => name in base);
    return kind === undefined ? changes : mergeSettings(base, { [kind]: changes });
  }
  if (!isSettings(changes)) return changes;
  if (kinds.some((kind) => kind in changes && changes[kind] !== base[kind])) return changes;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) {
    // Define the property instead of assigning it, because a key may be __proto__.
    Object.defineProperty(result, key, {
      value: Object.hasOwn(base, key) ? mergeSettings(base[key], value) : value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}
