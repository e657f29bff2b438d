/** Name of a field on the wire: `maxTurns` becomes `max_turns`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `_${letter.toLowerCase()}`);
}
