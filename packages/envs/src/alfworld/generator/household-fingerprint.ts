import { createHash } from "node:crypto";

import type { Household } from "./household.ts";

/** The order in which the benchmark sorts ids: by code point, in lower case. */
function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  const [left, right] = [a.id.toLowerCase(), b.id.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * A hash of all that a player can ever notice of a household: two games with equal fingerprints
 * read the same to every player, even where their coordinates differ. (The names and the order of
 * things in texts follow from the order of their ids, so places in that order stand for names.)
 * @returns 64 hexadecimal digits.
 */
export function householdFingerprint(household: Household, goal: string): string {
  const receptacles = [...household.receptacles].sort(byId);
  const objects = [...household.objects].sort(byId);
  const locations = receptacles.map(({ location }) => location);
  return createHash("sha256")
    .update(
      JSON.stringify([
        goal,
        receptacles.map(({ className, location }) => [className, locations.indexOf(location)]),
        objects.map(({ className, receptacle }) => [className, receptacles.indexOf(receptacle)]),
      ]),
    )
    .digest("hex");
}
