import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import type { GeneratedGame } from "./generate-game.ts";

/**
 * Writes games into folders like released ones: `<folder>/<split>/<task>/<trial>/game.tw-pddl`.
 * Existing files are overwritten.
 * @returns Paths of the files, in the order of the games.
 */
export async function writeGames(
  folder: string,
  games: readonly GeneratedGame[],
): Promise<string[]> {
  const paths: string[] = [];
  for (const { split, name, pddl_domain, grammar, pddl_problem, walkthrough, solvable } of games) {
    const path = join(folder, split, name);
    await mkdir(path, { recursive: true });
    const file = join(path, "game.tw-pddl");
    const content = { pddl_domain, grammar, pddl_problem, walkthrough, solvable };
    await writeFile(file, JSON.stringify(content));
    paths.push(file);
  }
  return paths;
}
