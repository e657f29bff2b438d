import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { parseGameFile } from "../game-file.ts";
import type { Game, LoadOptions } from "../game.ts";
import { loadGame } from "../load-game.ts";

/**
 * Loads the games in a folder of `../shared/alfworld`, next to the repository.
 * @returns `undefined`, with a message, if the data is missing.
 */
export function sharedGames(folder: string, options: LoadOptions = {}): Game[] | undefined {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const root = join(at, "shared", "alfworld");
    if (existsSync(root)) {
      return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
        .filter((path) => path.endsWith(".tw-pddl"))
        .sort()
        .map((path) => {
          const text = readFileSync(join(root, folder, path), "utf8");
          return loadGame(parseGameFile(text, path), path, options);
        });
    }
    if (dirname(at) === at) {
      console.log("skipped: the ALFWorld data is missing at ../shared/alfworld");
      return undefined;
    }
  }
}
