import { readFile, readdir, stat } from "node:fs/promises";
import { basename, join, relative, resolve, sep } from "node:path";
import { type Task, checkInteger } from "@turnwise/core";
import { GameArchive } from "./game-archive.ts";
import { GameFileError, shown } from "./game-file-error.ts";
import { parseGameFile } from "./game-file.ts";
import type { Game, GameFile, LoadOptions } from "./game.ts";
import { loadGame } from "./load-game.ts";
import { readGameText } from "./read-text.ts";
import { RecentCache } from "./recent-cache.ts";
import { compareCodePoints } from "./text/code-point-order.ts";

/** The parts of the released data, named as its folders. */
export const gameSplits = ["train", "valid_seen", "valid_unseen", "valid_train"] as const;

/** One of {@link gameSplits}. */
export type GameSplit = (typeof gameSplits)[number];

/** The six types of task, in the order of their numbers in ALFWorld, 1 to 6. */
export const gameKinds = [
  "pick_and_place_simple",
  "look_at_obj_in_light",
  "pick_clean_then_place_in_recep",
  "pick_heat_then_place_in_recep",
  "pick_cool_then_place_in_recep",
  "pick_two_obj_and_place",
] as const;

/** A game of a set, as a task: its id is its path within the set. */
export interface GameTask extends Task {
  /** The type of task that the path names, one of {@link gameKinds}; else `other`. */
  readonly kind: (typeof gameKinds)[number] | "other";
  /** The part of the data that the path names, if any. */
  readonly split: GameSplit | undefined;
}

/** Why a game is left out, as the reference leaves it out. */
export type SkipReason = "movable" | "sliced" | "unsolvable" | "solvable not given";

/** Games that were found in one place, in the order of their paths. Nothing is loaded yet. */
export interface GameSet {
  /** The folder, archive or file. */
  readonly path: string;
  /** Sorted by id, by code point. Never empty. */
  readonly tasks: readonly GameTask[];
  /** What was found and left out. */
  readonly skipped: readonly { readonly id: string; readonly reason: SkipReason }[];
  /** The tasks of a split, of some kinds, or both; in the same order, and empty if there are none. */
  select(options?: {
    readonly split?: GameSplit;
    readonly kinds?: readonly GameTask["kind"][];
  }): readonly GameTask[];
  /** The file of a game. @throws `RangeError` if the set has no game of that id. */
  read(id: string): Promise<GameFile>;
  /** Loads a game, or returns it if it was among the last few. @throws as {@link GameSet.read} and `loadGame`. */
  load(id: string): Promise<Game>;
}

/** Options of {@link openGames}. */
export interface OpenGamesOptions extends LoadOptions {
  /** The most loaded games to keep for later calls of `load`, `>= 1`. Default 128. */
  readonly maxLoaded?: number;
}

/**
 * Finds games.
 *
 * - A folder: every `game.tw-pddl` below it. As in the reference, games are left out whose path has
 *   `movable` or `Sliced`, or that do not say that they are solvable.
 * - An archive: JSON lines, plain, `.gz` or `.br`, see {@link GameArchive.open}. Games are left out
 *   that say they are not solvable, and by their path.
 * - `ARCHIVE#id`: one game of an archive.
 * - A file whose name ends in `.tw-pddl`: that game.
 *
 * @throws `GameFileError` if there is nothing at the path, no game in it, or an archive is broken;
 *   `RangeError` for a wrong option.
 */
export async function openGames(
  path: string,
  { maxLoaded = 128, ...loadOptions }: OpenGamesOptions = {},
): Promise<GameSet> {
  checkInteger("openGames", { maxLoaded }, { min: 1 });
  const { file, id, isFolder } = await locate(path);
  const found = isFolder
    ? await findInFolder(file)
    : file.endsWith(".tw-pddl")
      ? findFile(file)
      : await findInArchive(file);
  let ids = [...found.solvable.keys()];
  const skipped: { id: string; reason: SkipReason }[] = [];
  if (id !== undefined) {
    if (!found.solvable.has(id)) {
      throw new GameFileError(`${file}: the game must be in the archive, got ${shown(id)}`);
    }
    ids = [id];
  } else {
    ids.sort(compareCodePoints);
    ids = ids.filter((candidate) => {
      const reason = found.skips(candidate);
      if (reason) skipped.push({ id: candidate, reason });
      return !reason;
    });
  }
  if (ids.length === 0) {
    const counts = new Map<SkipReason, number>();
    for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
    const reasons = [...counts].map(([reason, count]) => `${count} ${reason}`).join(", ");
    throw new GameFileError(
      `${path}: there must be a game that can be played, got none${reasons && ` (left out: ${reasons})`}`,
    );
  }
  const inside = isFolder ? splitOf(basename(resolve(file))) : undefined;
  const tasks = ids.map((task) => ({
    id: task,
    kind: gameKinds.find((kind) => task.includes(kind)) ?? ("other" as const),
    split: splitOf(task) ?? inside,
  }));

  const known = new Set(ids);
  const loaded = new RecentCache<string, Promise<Game>>(maxLoaded);
  const read = async (task: string): Promise<GameFile> => {
    if (!known.has(task)) {
      throw new RangeError(`GameSet.read: id must be a game of ${path}, got ${shown(task)}`);
    }
    return found.read(task);
  };
  return {
    path,
    tasks,
    skipped,
    select: ({ split, kinds } = {}) =>
      tasks.filter(
        (task) =>
          (split === undefined || task.split === split) &&
          (kinds === undefined || kinds.includes(task.kind)),
      ),
    read,
    load: async (task) => {
      let game = loaded.get(task);
      if (!game) {
        game = read(task).then((data) => loadGame(data, task, loadOptions));
        // A failure is told to whoever asked, and not kept.
        const kept = game;
        kept.catch(() => loaded.delete(task));
        loaded.set(task, game);
      }
      return game;
    },
  };
}

/** What was found in one place. */
interface Found {
  /** What each file says of itself, by its id. */
  readonly solvable: ReadonlyMap<string, boolean | undefined>;
  skips(id: string): SkipReason | undefined;
  read(id: string): Promise<GameFile>;
}

async function locate(
  path: string,
): Promise<{ file: string; id: string | undefined; isFolder: boolean }> {
  // An archive's own name may have a #, and so may the path of a game.
  for (let end = path.length; end > 0; end = path.lastIndexOf("#", end - 1)) {
    const file = path.slice(0, end);
    const found = await stat(file).catch(() => undefined);
    if (!found) continue;
    if (end === path.length) return { file, id: undefined, isFolder: found.isDirectory() };
    if (found.isFile()) return { file, id: path.slice(end + 1), isFolder: false };
  }
  throw new GameFileError(
    `${path}: there must be a folder, an archive or a game file, got nothing`,
  );
}

function findFile(file: string): Found {
  const id = basename(file);
  return {
    solvable: new Map([[id, undefined]]),
    skips: () => undefined,
    read: async () => parseGameFile(await readGameText(file), file),
  };
}

async function findInArchive(file: string): Promise<Found> {
  const solvable = new Map<string, boolean | undefined>();
  const archive = await GameArchive.open(file, (id, value) => solvable.set(id, value));
  return {
    solvable,
    skips: (id) => skipsPath(id) ?? (solvable.get(id) === false ? "unsolvable" : undefined),
    read: async (id) => archive.read(id),
  };
}

async function findInFolder(folder: string): Promise<Found> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const ids = entries
    .filter((entry) => entry.name === "game.tw-pddl" && !entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, "/"));
  const solvable = new Map<string, boolean | undefined>();
  // Some at a time: enough to keep the disk busy, not enough to run out of file handles.
  for (let start = 0; start < ids.length; start += 32) {
    await Promise.all(
      ids.slice(start, start + 32).map(async (id) => {
        const data = await readFile(join(folder, id));
        solvable.set(id, skipsPath(id) ? undefined : statedSolvable(data));
      }),
    );
  }
  return {
    solvable,
    skips: (id) => {
      const stated = solvable.get(id);
      if (stated === true) return undefined;
      return skipsPath(id) ?? (stated === false ? "unsolvable" : "solvable not given");
    },
    read: async (id) => {
      const file = join(folder, id);
      return parseGameFile(await readGameText(file), file);
    },
  };
}

function skipsPath(id: string): SkipReason | undefined {
  return id.includes("movable") ? "movable" : id.includes("Sliced") ? "sliced" : undefined;
}

/**
 * What a game file says of its solvability, without parsing all of it: within JSON texts, quotes
 * are escaped, so the key can only be found where it is one.
 */
function statedSolvable(data: Buffer): boolean | undefined {
  const at = data.lastIndexOf('"solvable"');
  if (at < 0) return undefined;
  const value = /^"solvable"\s*:\s*(true|false)/.exec(data.toString("latin1", at, at + 60));
  return value ? value[1] === "true" : undefined;
}

function splitOf(id: string): GameSplit | undefined {
  const parts = id.split("/");
  return gameSplits.find((split) => parts.includes(split));
}
