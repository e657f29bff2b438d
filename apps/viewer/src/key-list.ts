/** Keys and what they do, for the list of keys. */
export const keyList: readonly (readonly [string, string])[] = [
  ["1 2 3", "overview, trajectories, tasks"],
  ["/", "search trajectories"],
  ["j k", "next, previous row or turn"],
  ["Enter", "open the row"],
  ["[ ]", "previous, next trajectory of the group"],
  ["g", "from a trajectory to its group"],
  ["a", "from a trajectory or group to AEM by hand"],
  ["t", "change the values that tint tokens"],
  ["u", "one level up"],
  ["d", "light or dark"],
  ["? Esc", "open, close this list"],
];
