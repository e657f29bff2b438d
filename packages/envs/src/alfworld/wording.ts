/**
 * Wordings of released games: `move` (`move X to Y`) since ALFWorld 0.4.0, `put` (`put X in/on Y`)
 * before it, which older prompts, demonstrations and policies use.
 */
export const wordings = ["move", "put"] as const;

/** One of {@link wordings}. */
export type Wording = (typeof wordings)[number];
