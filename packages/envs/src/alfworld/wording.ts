/**
 * Wordings of released games: `move` since ALFWorld 0.4.0 (`move X to Y`), `put` before
 * (`put X in/on Y`), used by older prompts, demonstrations and policies.
 */
export const wordings = ["move", "put"] as const;

/** One of {@link wordings}. */
export type Wording = (typeof wordings)[number];
