import { createHash } from "node:crypto";

import type { Household } from "./household.ts";

/** Compares ids in the order of the benchmark: by code point, in lower case. */
function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  const [left, right] = [a.id.toLowerCase(), b.id.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

/**
 * Computes a hash of everything that a player can observe in a household: games with equal
 * fingerprints look the same to every player, even if coordinates differ. (Names and order of
 * objects in texts depend only on the order of ids, so the hash uses ranks instead of ids.)
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
