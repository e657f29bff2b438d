import { lstat, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { type Task, checkInteger } from "@turnwise/core";
import { type BrokenGame, checkGameFileAt, findGameFiles } from "./find-game-files.ts";
import { GameArchive } from "./game-archive.ts";
import { GameFileError, formatValue } from "./game-file-error.ts";
import { parseGameFile } from "./game-file.ts";
import { gameKinds, type GameKind } from "./game-kind.ts";
import {
  parentFolders,
  findKind,
  findSkipReason,
  findSplit,
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

/** Game of a set as a task; the id is the game's path within the set. */
export interface GameTask extends Task {
  /** Task type according to the path, one of {@link gameKinds}, or `other`. */
  readonly kind: GameKind | "other";
  /** Split according to the path, if any. */
  readonly split: GameSplit | undefined;
}

/** Games found in a folder, archive or file, ordered by path. Games are loaded on demand. */
export interface GameSet {
  /** Path of the folder, archive or file. */
  readonly path: string;
  /** Tasks sorted by id, by code point. Never empty. */
  readonly tasks: readonly GameTask[];
  /** Full path of a game; in an archive, its id. */
  pathOf(id: string): string;
  /** Games that were found and skipped. */
  readonly skipped: readonly { readonly id: string; readonly reason: SkipReason }[];
  /** Broken files in the folder, sorted by id. */
  readonly broken: readonly BrokenGame[];
  /**
   * Returns the tasks of a split that meet all criteria, in the same order; may be empty. Indices
   * count within the split.
   * @throws The errors of `selectGames`.
   */
  select(options?: GameSelection & { readonly split?: GameSplit }): readonly GameTask[];
  /** Reads the file of a game. @throws `RangeError` if the set has no game with that id. */
  read(id: string): Promise<GameFile>;
  /**
   * Loads a game, or returns it from the cache of recent games.
   * @throws The errors of {@link GameSet.read} and `loadGame`.
   */
  load(id: string): Promise<Game>;
}

/** Options of {@link openGames}. */
export interface OpenGamesOptions extends LoadOptions {
  /** Maximum number of loaded games in the cache of `load`, `>= 1`. Default 128. */
  readonly maxLoaded?: number;
  /**
   * Kinds of games to include although they are skipped by default because of their path. Default
   * none.
   */
  readonly include?: readonly (typeof includableGames)[number][];
  /**
   * Throws for a folder with a broken file instead of listing the file in `broken`. Default false.
   */
  readonly strict?: boolean;
  /**
   * Returns a goal sentence that replaces the game's own, see `LoadOptions.goal`.
   * @param path - Full path of the game; in an archive, its id.
   */
  readonly goalOf?: (path: string) => string | undefined;
}

/**
 * Finds games.
 *
 * - A folder: every `game.tw-pddl` below it, following symbolic links. As in ALFWorld's own code,
 * games are skipped if their path contains `movable` or `Sliced`, or if they do not state that they
 * are solvable. Broken files (invalid JSON, truncated, broken links) are listed in {@link
 * GameSet.broken}.
 * - An archive: JSON Lines, plain, `.gz` or `.br`, see `GameArchive.open`. Games are skipped if
 * they state that they are not solvable, or because of their path.
 * - `ARCHIVE#id`: one game of an archive.
 * - A file whose name ends in `.tw-pddl`: that game.
 *
 * Split and kind of a game are derived from its path, or from the parent folders of `path`.
 *
 * @throws `GameFileError` if the path does not exist, contains no game or is a broken archive; with
 *   `strict` also for a broken file of a folder; `RangeError` for an invalid option.
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
      `${path}: game files must be valid, got ${broken.length} broken: ${describeBroken(broken)}`,
    );
  }
  let ids = [...found.solvable.keys()];
  const skipped: { id: string; reason: SkipReason }[] = [];
  if (id !== undefined) {
    if (!found.solvable.has(id)) {
      throw new GameFileError(`${file}: no game ${formatValue(id)} in the archive`);
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
      ...(skipped.length > 0 ? [`skipped: ${countReasons(skipped)}`] : []),
      ...(broken.length > 0 ? [`broken: ${describeBroken(broken)}`] : []),
    ].join("; ");
    throw new GameFileError(`${path}: no playable game found${reasons && ` (${reasons})`}`);
  }
  const above = await parentFolders(file, isFolder);
  const splitAbove = above.map(findSplit).find((split) => split !== undefined);
  const kindAbove = above.map(findKind).find((kind) => kind !== undefined);
  const tasks = ids.map((task) => ({
    id: task,
    kind: gameKinds.find((kind) => task.includes(kind)) ?? kindAbove ?? ("other" as const),
    split: findSplit(task) ?? splitAbove,
  }));

  const known = new Set(ids);
  const loaded = new RecentCache<string, Promise<Game>>(maxLoaded);
  const read = async (task: string): Promise<GameFile> => {
    if (!known.has(task)) {
      throw new RangeError(`GameSet.read: id must be a game of ${path}, got ${formatValue(task)}`);
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
        // Do not cache a failed load, which is reported to its caller.
        const kept = game;
        kept.catch(() => loaded.delete(task));
        loaded.set(task, game);
      }
      return game;
    },
  };
}

/**
 * Describes a set of games in one line:
 * `13 of 19 in data (skipped: 4 movable; 2 broken: a/game.tw-pddl (truncated), ...)`.
 */
export function describeGames({ path, tasks, skipped, broken }: GameSet): string {
  const total = tasks.length + skipped.length + broken.length;
  const unused = [
    ...(skipped.length > 0 ? [`skipped: ${countReasons(skipped)}`] : []),
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

/** Games found at a path. */
interface Found {
  /** Solvability that each file states, by id. */
  readonly solvable: ReadonlyMap<string, boolean | undefined>;
  readonly broken: readonly BrokenGame[];
  readonly skips: (id: string) => SkipReason | undefined;
  readonly pathOf: GameSet["pathOf"];
  read(id: string): Promise<GameFile>;
}

async function locate(
  path: string,
): Promise<{ file: string; id: string | undefined; isFolder: boolean }> {
  // The name of an archive and the path of a game may contain # too, so try every position.
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
    `${path}: must be a folder, an archive or a game file, got ${isLink ? "a broken link" : "a path that does not exist"}`,
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
      findSkipReason(id, included) ?? (solvable.get(id) === false ? "unsolvable" : undefined),
    pathOf: (id) => id,
    read: async (id) => archive.read(id),
  };
}

async function findInFolder(folder: string, included: ReadonlySet<SkipReason>): Promise<Found> {
  const { ids, broken: brokenFolders } = await findGameFiles(folder);
  const broken: BrokenGame[] = [...brokenFolders];
  const solvable = new Map<string, boolean | undefined>();
  // Use batches that are large enough to keep the disk busy, but small enough for the limit on open
  // files.
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
        findSkipReason(id, included) ??
        (stated === true
          ? undefined
          : stated === false
            ? "unsolvable"
            : "without the field `solvable`")
      );
    },
    pathOf: (id) => join(root, id),
    read: async (id) => {
      const file = join(folder, id);
      return parseGameFile(await readGameText(file), file);
    },
  };
}
