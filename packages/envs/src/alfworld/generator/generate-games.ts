import { checkInteger, createRandom } from "@turnwise/core";

import {
  checkGenerateOptions,
  draftGame,
  finishGame,
  type Draft,
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
 * Draws the households of {@link generateGames} without writing their files.
 * @throws The errors of {@link generateGames}.
 */
export function draftGames({
  seed,
  count,
  taskKinds = householdTaskKinds,
  split = "train",
  ...options
}: GenerateGamesOptions): Draft[] {
  checkInteger("generateGames", { count }, { min: 0 });
  checkGenerateOptions("generateGames", options);
  for (const taskKind of taskKinds) checkGenerateOptions("generateGames", { taskKind });
  if (taskKinds.length === 0) {
    throw new RangeError("generateGames: taskKinds must not be empty, got length 0");
  }
  const random = createRandom(seed);
  const drafts: Draft[] = [];
  const seen = new Set<string>();
  for (let attempt = 0; drafts.length < count; attempt++) {
    const taskKind = taskKinds[drafts.length % taskKinds.length]!;
    const draft = draftGame(random.fork(`game/${attempt}`), { ...options, taskKind });
    if (draft.split !== split || seen.has(draft.fingerprint)) continue;
    seen.add(draft.fingerprint);
    drafts.push(draft);
  }
  return drafts;
}

/**
 * Generates a set of games, all distinguishable by a player, cycling through the task kinds. Sets
 * of different splits have no game in common, whatever their seeds, sizes and counts. With
 * otherwise equal options, a shorter set is a prefix of a longer one.
 * @throws `RangeError` for an invalid option or an empty list of kinds.
 */
export function generateGames(options: GenerateGamesOptions): GeneratedGame[] {
  return draftGames(options).map(finishGame);
}
