import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type GameSet, openGames } from "../open-games.ts";
import type { ReplayRecord } from "../replay.ts";

/**
 * Finds the folder of ALFWorld data next to the repository; `undefined`, with a message, if it is
 * missing.
 */
function findData(): string | undefined {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const candidate = join(folder, "shared", "alfworld");
    if (existsSync(join(candidate, "golden"))) return candidate;
    if (dirname(folder) === folder) {
      console.log("skipped: the ALFWorld data is missing at ../shared/alfworld");
      return undefined;
    }
  }
}

const folder = findData();

/** True if released data is available. */
export const hasReleasedData: boolean = folder !== undefined;

/** Returns the path of a file in the data. */
export function releasedPath(name: string): string {
  return join(folder!, name);
}

let games: Promise<GameSet> | undefined;

/** Opens all released games. */
export function releasedGames(): Promise<GameSet> {
  games ??= openGames(releasedPath("all_games.jsonl.br"));
  return games;
}

/** Episode recorded with ALFWorld's own code. */
export interface GoldenEpisode {
  readonly game: string;
  readonly policy: string;
  /** Maximum number of steps; absent if there was no limit. */
  readonly max_episode_steps?: number;
  readonly initial: Pick<ReplayRecord, "obs" | "admissible" | "won">;
  readonly steps: readonly (ReplayRecord & { readonly command: string })[];
}

/** Reads the recorded episodes of a file. */
export function goldenEpisodes(name: string): GoldenEpisode[] {
  return gunzipSync(readFileSync(releasedPath(`golden/${name}.jsonl.gz`)))
    .toString("utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line): GoldenEpisode => JSON.parse(line));
}
