import { checkInteger, createRandom } from "@turnwise/core";

import {
  checkGenerateOptions,
  draftGame,
  finishGame,
  type GeneratedGame,
  type GenerateGameOptions,
  type HouseholdSplit,
} from "./generate-game.ts";
import { householdTaskKinds, type HouseholdTaskKind } from "./household-task.ts";

/** Options of {@link generateGames}. */
export interface GenerateGamesOptions extends Omit<GenerateGameOptions, "taskKind"> {
  /** Number of games, `>= 0`. */
  readonly count: number;
  /** Task kinds to cycle through. Default: all six. */
  readonly taskKinds?: readonly HouseholdTaskKind[];
  /** Split to draw from. Default `"train"`. */
  readonly split?: HouseholdSplit;
}

/**
 * Generates a set of games, all distinguishable by a player, cycling through the task kinds. Sets
 * of different splits have no game in common, whatever their seeds, sizes and counts. A set is a
 * prefix of any longer one with the same other options.
 * @throws `RangeError` for an invalid option or an empty list of kinds.
 */
export function generateGames({
  seed,
  count,
  taskKinds = householdTaskKinds,
  split = "train",
  ...options
}: GenerateGamesOptions): GeneratedGame[] {
  checkInteger("generateGames", { count }, { min: 0 });
  checkGenerateOptions("generateGames", options);
  for (const taskKind of taskKinds) checkGenerateOptions("generateGames", { taskKind });
  if (taskKinds.length === 0) {
    throw new RangeError("generateGames: taskKinds must not be empty, got length 0");
  }
  const random = createRandom(seed);
  const games: GeneratedGame[] = [];
  const seen = new Set<string>();
  for (let attempt = 0; games.length < count; attempt++) {
    const taskKind = taskKinds[games.length % taskKinds.length]!;
    const draft = draftGame(random.fork(`game/${attempt}`), { ...options, taskKind });
    if (draft.split !== split || seen.has(draft.fingerprint)) continue;
    seen.add(draft.fingerprint);
    games.push(finishGame(draft));
  }
  return games;
}
