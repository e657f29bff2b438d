import { lstat, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Task, checkInteger } from "@turnwise/core";
import { type BrokenGame, checkGameFileAt, findGameFiles } from "./find-game-files.ts";
import { GameArchive } from "./game-archive.ts";
import { GameFileError, shown } from "./game-file-error.ts";
import { parseGameFile } from "./game-file.ts";
import { gameKinds, type GameKind } from "./game-kind.ts";
import {
  foldersAbove,
  kindOfFolder,
  skipsPath,
  splitOf,
  type GameSplit,
  type includableGames,
  type SkipReason,
} from "./game-path.ts";
import type { Game, GameFile, LoadOptions } from "./game.ts";
import { loadGame } from "./load-game.ts";
import { readGameText } from "./read-text.ts";
import { RecentCache } from "./recent-cache.ts";
import { type GameSelection, selectGames } from "./select-games.ts";
import { compareCodePoints } from "./text/code-point-order.ts";

/** A game of a set, as a task: its id is its path within the set. */
export interface GameTask extends Task {
  /** The type of task that the path names, one of {@link gameKinds}; else `other`. */
  readonly kind: GameKind | "other";
  /** The part of the data that the path names, if any. */
  readonly split: GameSplit | undefined;
}

/** Games that were found in one place, in the order of their paths. Nothing is loaded yet. */
export interface GameSet {
  /** The folder, archive or file. */
  readonly path: string;
  /** Sorted by id, by code point. Never empty. */
  readonly tasks: readonly GameTask[];
  /** Whole path of a game; in an archive, its id. */
  pathOf(id: string): string;
  /** Games that were found and left out. */
  readonly skipped: readonly { readonly id: string; readonly reason: SkipReason }[];
  /** Files of a folder that cannot be used, sorted by id. */
  readonly broken: readonly BrokenGame[];
  /**
   * The tasks of a split that meet all criteria; in the same order, and empty if there are none.
   * Indices count within the split.
   * @throws `RangeError` as `selectGames`.
   */
  select(options?: GameSelection & { readonly split?: GameSplit }): readonly GameTask[];
  /** The file of a game. @throws `RangeError` if the set has no game of that id. */
  read(id: string): Promise<GameFile>;
  /** Loads a game, or returns it if it was among the last few. @throws as {@link GameSet.read} and `loadGame`. */
  load(id: string): Promise<Game>;
}

/** Options of {@link openGames}. */
export interface OpenGamesOptions extends LoadOptions {
  /** The most loaded games to keep for later calls of `load`, `>= 1`. Default 128. */
  readonly maxLoaded?: number;
  /** Games to use although their path has `movable` or `Sliced`. Default none. */
  readonly include?: readonly (typeof includableGames)[number][];
  /** Refuses a folder with a broken file instead of listing it in `broken`. Default false. */
  readonly strict?: boolean;
  /**
   * Goal sentence for a game in place of its own, see `LoadOptions.goal`.
   * @param path - Whole path of the game; in an archive, its id.
   */
  readonly goalOf?: (path: string) => string | undefined;
}

/**
 * Finds games.
 *
 * - A folder: every `game.tw-pddl` below it, links included. As in the reference, games are left out
 *   whose path has `movable` or `Sliced`, or that do not say that they are solvable. Broken files
 *   (no JSON, cut off, links to nothing) are listed in {@link GameSet.broken}.
 * - An archive: JSON lines, plain, `.gz` or `.br`, see {@link GameArchive.open}. Games are left out
 *   that say they are not solvable, and by their path.
 * - `ARCHIVE#id`: one game of an archive.
 * - A file whose name ends in `.tw-pddl`: that game.
 *
 * Split and kind of a game are read from its path, or from the folders above `path`.
 *
 * @throws `GameFileError` if there is nothing at the path, no game in it, or an archive is broken;
 *   with `strict` also for a broken file of a folder; `RangeError` for a wrong option.
 */
export async function openGames(
  path: string,
  { maxLoaded = 128, include = [], strict = false, goalOf, ...loadOptions }: OpenGamesOptions = {},
): Promise<GameSet> {
  checkInteger("openGames", { maxLoaded }, { min: 1 });
  const { file, id, isFolder } = await locate(path);
  const found = isFolder
    ? await findInFolder(file, new Set(include))
    : file.endsWith(".tw-pddl")
      ? findFile(file)
      : await findInArchive(file, new Set(include));
  const { broken } = found;
  if (strict && broken.length > 0) {
    throw new GameFileError(
      `${path}: game files must be whole, got ${broken.length} broken: ${describeBroken(broken)}`,
    );
  }
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
    const reasons = [
      ...(skipped.length > 0 ? [`left out: ${countReasons(skipped)}`] : []),
      ...(broken.length > 0 ? [`broken: ${describeBroken(broken)}`] : []),
    ].join("; ");
    throw new GameFileError(
      `${path}: there must be a game that can be played, got none${reasons && ` (${reasons})`}`,
    );
  }
  const above = await foldersAbove(file, isFolder);
  const splitAbove = above.map(splitOf).find((split) => split !== undefined);
  const kindAbove = above.map(kindOfFolder).find((kind) => kind !== undefined);
  const tasks = ids.map((task) => ({
    id: task,
    kind: gameKinds.find((kind) => task.includes(kind)) ?? kindAbove ?? ("other" as const),
    split: splitOf(task) ?? splitAbove,
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
    pathOf: found.pathOf,
    skipped,
    broken,
    select: ({ split, ...selection } = {}) =>
      selectGames(
        split === undefined ? tasks : tasks.filter((task) => task.split === split),
        selection,
        split === undefined ? path : `${path}, split ${split}`,
      ),
    read,
    load: async (task) => {
      let game = loaded.get(task);
      if (!game) {
        game = read(task).then((data) => {
          const goal = goalOf?.(found.pathOf(task));
          return loadGame(data, task, { ...loadOptions, ...(goal !== undefined && { goal }) });
        });
        // A failure is told to whoever asked, and not kept.
        const kept = game;
        kept.catch(() => loaded.delete(task));
        loaded.set(task, game);
      }
      return game;
    },
  };
}

/** A set of games in one line: `13 of 19 in data (left out: 4 movable; 2 broken: a/game.tw-pddl (truncated), ...)`. */
export function describeGames({ path, tasks, skipped, broken }: GameSet): string {
  const total = tasks.length + skipped.length + broken.length;
  const unused = [
    ...(skipped.length > 0 ? [`left out: ${countReasons(skipped)}`] : []),
    ...(broken.length > 0 ? [`${broken.length} broken: ${describeBroken(broken)}`] : []),
  ].join("; ");
  return unused === ""
    ? `${total} in ${path}`
    : `${tasks.length} of ${total} in ${path} (${unused})`;
}

function countReasons(skipped: GameSet["skipped"]): string {
  const counts = new Map<SkipReason, number>();
  for (const { reason } of skipped) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => `${count} ${reason}`).join(", ");
}

function describeBroken(broken: readonly BrokenGame[]): string {
  const numShown = 10;
  const shownOnes = broken.slice(0, numShown).map(({ id, problem }) => `${id} (${problem})`);
  const numMore = broken.length - numShown;
  return [...shownOnes, ...(numMore > 0 ? [`and ${numMore} more`] : [])].join(", ");
}

/** What was found in one place. */
interface Found {
  /** What each file says of itself, by its id. */
  readonly solvable: ReadonlyMap<string, boolean | undefined>;
  readonly broken: readonly BrokenGame[];
  readonly skips: (id: string) => SkipReason | undefined;
  readonly pathOf: GameSet["pathOf"];
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
  const isLink = await lstat(path).then(
    (found) => found.isSymbolicLink(),
    () => false,
  );
  throw new GameFileError(
    `${path}: there must be a folder, an archive or a game file, got ${isLink ? "a link to nothing" : "nothing"}`,
  );
}

function findFile(file: string): Found {
  const id = basename(file);
  const path = resolve(file);
  return {
    solvable: new Map([[id, undefined]]),
    broken: [],
    skips: () => undefined,
    pathOf: () => path,
    read: async () => parseGameFile(await readGameText(file), file),
  };
}

async function findInArchive(file: string, included: ReadonlySet<SkipReason>): Promise<Found> {
  const solvable = new Map<string, boolean | undefined>();
  const archive = await GameArchive.open(file, (id, value) => solvable.set(id, value));
  return {
    solvable,
    broken: [],
    skips: (id) =>
      skipsPath(id, included) ?? (solvable.get(id) === false ? "unsolvable" : undefined),
    pathOf: (id) => id,
    read: async (id) => archive.read(id),
  };
}

async function findInFolder(folder: string, included: ReadonlySet<SkipReason>): Promise<Found> {
  const { ids, broken: brokenFolders } = await findGameFiles(folder);
  const broken: BrokenGame[] = [...brokenFolders];
  const solvable = new Map<string, boolean | undefined>();
  // Some at a time: enough to keep the disk busy, not enough to run out of file handles.
  for (let start = 0; start < ids.length; start += 32) {
    await Promise.all(
      ids.slice(start, start + 32).map(async (id) => {
        const checked = await checkGameFileAt(join(folder, id));
        if ("problem" in checked) broken.push({ id, problem: checked.problem });
        else solvable.set(id, checked.solvable);
      }),
    );
  }
  broken.sort((a, b) => compareCodePoints(a.id, b.id));
  const root = resolve(folder);
  return {
    solvable,
    broken,
    skips: (id) => {
      const stated = solvable.get(id);
      return (
        skipsPath(id, included) ??
        (stated === true ? undefined : stated === false ? "unsolvable" : "solvable not given")
      );
    },
    pathOf: (id) => join(root, id),
    read: async (id) => {
      const file = join(folder, id);
      return parseGameFile(await readGameText(file), file);
    },
  };
}
