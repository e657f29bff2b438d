import type { Demonstration } from "../demonstration.ts";

/**
 * Lists object classes whose names can be exchanged in household demonstrations: carried objects,
 * and visited receptacles. Appliances, such as the sink for cleaning, are in neither list.
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
