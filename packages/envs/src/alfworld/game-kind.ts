/** The six task types, in the order of their numbers in ALFWorld, 1 to 6. */
export const gameKinds = [
  "pick_and_place_simple",
  "look_at_obj_in_light",
  "pick_clean_then_place_in_recep",
  "pick_heat_then_place_in_recep",
  "pick_cool_then_place_in_recep",
  "pick_two_obj_and_place",
] as const;

/** One of {@link gameKinds}. */
export type GameKind = (typeof gameKinds)[number];
