import { realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { gameKinds, type GameKind } from "./game-kind.ts";

/** The parts of the released data, named as its folders. */
export const gameSplits = ["train", "valid_seen", "valid_unseen", "valid_train"] as const;

/** One of {@link gameSplits}. */
export type GameSplit = (typeof gameSplits)[number];

/** Why a game is left out, as the reference leaves it out. */
export type SkipReason = "movable" | "sliced" | "unsolvable" | "solvable not given";

/** Games that are left out by their path unless they are asked for. */
export const includableGames = ["movable", "sliced"] as const;

/** The reason in a path to leave a game out, unless such games are included. */
export function skipsPath(id: string, included: ReadonlySet<SkipReason>): SkipReason | undefined {
  if (id.includes("movable") && !included.has("movable")) return "movable";
  return id.includes("Sliced") && !included.has("sliced") ? "sliced" : undefined;
}

/** The folder itself and those that hold it, the nearest first: as it is called, then where links lead. */
export async function foldersAbove(file: string, isFolder: boolean): Promise<string[]> {
  const paths = [resolve(file), await realpath(file)];
  return paths.flatMap((path) => {
    const folders = path.split(sep);
    return (isFolder ? folders : folders.slice(0, -1)).reverse();
  });
}

/** The kind of task in the name of a folder, such as `look_at_obj_in_light-Pen-None-DeskLamp-2`. */
export function kindOfFolder(name: string): GameKind | undefined {
  return gameKinds.find((kind) => name.startsWith(kind));
}

/** The split that a path names; where it names several, the innermost. */
export function splitOf(id: string): GameSplit | undefined {
  const names: readonly string[] = gameSplits;
  return id.split("/").findLast((part): part is GameSplit => names.includes(part));
}
