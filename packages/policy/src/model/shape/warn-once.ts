const given = new Set<string>();

/**
 * Emits a process warning named `TurnwiseWarning`, once per message, because the same file may be
 * read several times.
 */
export function warnOnce(message: string): void {
  if (given.has(message)) return;
  given.add(message);
  process.emitWarning(message, "TurnwiseWarning");
}
