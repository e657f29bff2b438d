/**
 * Converts the name of an exported value to its command-line name: `deepSwe` becomes `deep-swe`.
 * Every capital letter starts a word.
 */
export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter, index: number) =>
    index === 0 ? letter.toLowerCase() : `-${letter.toLowerCase()}`,
  );
}

/** Converts the keys of a record to kebab case, for selection by name on the command line. */
export function toKebabKeys<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [kebabCase(name), value]),
  );
}
