/** Converts a field name to snake case, as used by clients: `maxTurns` becomes `max_turns`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}
