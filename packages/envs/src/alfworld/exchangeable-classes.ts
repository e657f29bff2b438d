import type { Demonstration } from "../demonstration.ts";

/**
 * Interchangeable object classes of household demonstrations: carried objects, and visited
 * receptacles. Appliances (a sink to clean with) belong to neither list.
 * @returns Two lists, sorted.
 */
export function exchangeableClasses(demonstrations: readonly Demonstration[]): string[][] {
  const found = (pattern: RegExp): Set<string> =>
    new Set(
      demonstrations.flatMap(({ turns }) =>
        turns.flatMap(({ action, isSlip }) => (isSlip ? [] : (pattern.exec(action)?.[1] ?? []))),
      ),
    );
  const things = found(/^take ([a-z]+) \d+ from /u);
  const places = found(/^go to ([a-z]+) \d+$/u);
  for (const appliance of found(/ with ([a-z]+) \d+$/u)) places.delete(appliance);
  return [[...things].sort(), [...places].sort()];
}
