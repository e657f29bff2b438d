import { realpath } from "node:fs/promises";
import { resolve, sep } from "node:path";
import { gameKinds, type GameKind } from "./game-kind.ts";

/** Splits of the released data, named like their folders. */
export const gameSplits = ["train", "valid_seen", "valid_unseen", "valid_train"] as const;

/** One of {@link gameSplits}. */
export type GameSplit = (typeof gameSplits)[number];

/** Reason for skipping a game, as in ALFWorld's own code. */
export type SkipReason = "movable" | "sliced" | "unsolvable" | "without the field `solvable`";

/** Kinds of games that are skipped because of their path, unless they are included explicitly. */
export const includableGames = ["movable", "sliced"] as const;

/** Finds the reason to skip a game because of its path; `undefined` if it is not skipped. */
export function findSkipReason(
  id: string,
  included: ReadonlySet<SkipReason>,
): SkipReason | undefined {
  if (id.includes("movable") && !included.has("movable")) return "movable";
  return id.includes("Sliced") && !included.has("sliced") ? "sliced" : undefined;
}

/**
 * Lists a folder and its parents, nearest first: first by the given path, then with symbolic links
 * resolved.
 */
export async function parentFolders(file: string, isFolder: boolean): Promise<string[]> {
  const paths = [resolve(file), await realpath(file)];
  return paths.flatMap((path) => {
    const folders = path.split(sep);
    return (isFolder ? folders : folders.slice(0, -1)).reverse();
  });
}

/** Finds the task type in a folder name such as `look_at_obj_in_light-Pen-None-DeskLamp-2`. */
export function findKind(name: string): GameKind | undefined {
  return gameKinds.find((kind) => name.startsWith(kind));
}

/** Finds the split in a path; the innermost if there are several. */
export function findSplit(id: string): GameSplit | undefined {
  const names: readonly string[] = gameSplits;
  return id.split("/").findLast((part): part is GameSplit => names.includes(part));
}
