import type { Demonstration } from "../demonstration.ts";

/**
 * Object classes that can be exchanged for one another in household demonstrations: carried
 * objects, and visited receptacles. Appliances (a sink to clean with) are in neither list.
 * @returns Two lists, sorted.
 */
export function exchangeableClasses(demonstrations: readonly Demonstration[]): string[][] {
  const matchClasses = (pattern: RegExp): Set<string> =>
    new Set(
      demonstrations.flatMap(({ turns }) =>
        turns.flatMap(({ action, isSlip }) => (isSlip ? [] : (pattern.exec(action)?.[1] ?? []))),
      ),
    );
  const things = matchClasses(/^take ([a-z]+) \d+ from /u);
  const receptacles = matchClasses(/^go to ([a-z]+) \d+$/u);
  for (const appliance of matchClasses(/ with ([a-z]+) \d+$/u)) receptacles.delete(appliance);
  return [[...things].sort(), [...receptacles].sort()];
}
