/**
 * The command-line name of an exported value: `deepSwe` becomes `deep-swe`.
 * Every capital letter begins a word.
 */
export function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter, index: number) =>
    index === 0 ? letter.toLowerCase() : `-${letter.toLowerCase()}`,
  );
}

/** The same values under the kebab-case form of their names: how a command line selects them. */
export function withKebabKeys<T>(values: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [kebabCase(name), value]),
  );
}
