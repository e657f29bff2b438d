/** An object of settings. */
export type Settings = { readonly [key: string]: unknown };

/** Tells objects from lists, values and null. */
export function isSettings(value: unknown): value is Settings {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The settings that say which others there are. */
const kinds = ["environment", "source", "kind"];

/**
 * Lays `changes` over `base`, object by object; lists and values are replaced whole, and so are
 * objects of another kind. A text in the place of an object that has a kind names another kind.
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
    // Not an assignment: a key may be __proto__.
    Object.defineProperty(result, key, {
      value: Object.hasOwn(base, key) ? mergeSettings(base[key], value) : value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return result;
}
