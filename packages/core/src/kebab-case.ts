/**
 * Command-line name of an exported value: `deepSwe` becomes `deep-swe`. Every capital letter starts
 * a word.
 */
export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter, index: number) =>
    index === 0 ? letter.toLowerCase() : `-${letter.toLowerCase()}`,
  );
}

/** Renames keys to kebab case, as the command line selects the values. */
export function toKebabKeys<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [kebabCase(name), value]),
  );
}
