import type { Task } from "@turnwise/core";
import { formatValue } from "./game-file-error.ts";

/** Criteria for selecting games. Games must meet all given criteria. */
export interface GameSelection {
  /** Task types. */
  readonly kinds?: readonly string[];
  /** Indices in the list of games, from 0. */
  readonly indices?: readonly number[];
  /**
   * Ids of games, or folders in them (`valid_unseen/pick_heat...-10`, `trial_T2019...`). Each must
   * match at least one game.
   */
  readonly paths?: readonly string[];
}

/**
 * Selects games, in the order of the list.
 * @param where - Name of the list, for messages: `data, split valid_seen`.
 * @throws `RangeError` for an index outside the list, and a path that matches no game.
 */
export function selectGames<T extends Task>(
  tasks: readonly T[],
  { kinds, indices, paths }: GameSelection,
  where: string,
): readonly T[] {
  const wanted = new Set(indices);
  for (const index of wanted) {
    if (Number.isInteger(index) && index >= 0 && index < tasks.length) continue;
    const rule =
      tasks.length === 0
        ? "must not be given, because there are no games"
        : `must be in [0, ${tasks.length - 1}]`;
    throw new RangeError(`${where}: index ${rule}, got ${index}`);
  }
  const patterns = paths?.map((path) => `/${path.replace(/^(?:\.?\/)+|\/+$/gu, "")}/`);
  const isNamed = (task: T): boolean =>
    patterns === undefined || patterns.some((pattern) => `/${task.id}/`.includes(pattern));
  for (const [i, pattern] of (patterns ?? []).entries()) {
    if (pattern !== "//" && tasks.some(({ id }) => `/${id}/`.includes(pattern))) continue;
    throw new RangeError(
      `${where}: path must be the id of a game or a folder in such an id, got ${formatValue(paths![i])}`,
    );
  }
  return tasks.filter(
    (task, index) =>
      (indices === undefined || wanted.has(index)) &&
      (kinds === undefined || (task.kind !== undefined && kinds.includes(task.kind))) &&
      isNamed(task),
  );
}
