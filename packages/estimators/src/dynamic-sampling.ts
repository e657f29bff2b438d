import { checkInteger } from "@turnwise/core";

/** State of dynamic sampling. */
export interface Refill<Group> {
  /** Groups kept so far, at most `target`, in the order in which they were drawn. */
  readonly kept: readonly Group[];
  /** Number of rounds so far. */
  readonly numRounds: number;
  /** Number of groups dropped so far: groups without a learning signal, and surplus groups. */
  readonly numDropped: number;
  /**
   * `"full"`: the target is met. `"draw"`: draw again. `"exhausted"`: the limit of rounds is
   * reached, but not the target.
   */
  readonly status: "full" | "draw" | "exhausted";
}

/** Options of {@link refill}. */
export interface RefillOptions<Group> {
  /** Number of groups to collect, `>= 1`. */
  readonly target: number;
  /** Maximum number of rounds, `>= 1`. Default: no limit. */
  readonly maxRounds?: number;
  /** Returns true if a group has a learning signal. */
  readonly keep: (group: Group) => boolean;
}

/** Initial state of dynamic sampling. */
export const emptyRefill: Refill<never> = {
  kept: [],
  numRounds: 0,
  numDropped: 0,
  status: "draw",
};

/**
 * Makes one round of DAPO's dynamic sampling: keeps the drawn groups that have a learning signal,
 * and decides whether to draw again. Groups beyond the target are dropped.
 *
 * @returns A new state. The caller decides what to do if the status is `"exhausted"`; verl stops
 *   the run.
 * @throws `RangeError` if an option is out of range, or the status of the state is not `"draw"`.
 * @see arXiv:2503.14476
 *
 * @example
 * let state: Refill<Group> = emptyRefill;
 * while (state.status === "draw") state = refill(state, await drawGroups(), { target: 16, keep });
 */
export function refill<Group>(
  state: Refill<Group>,
  drawn: readonly Group[],
  { target, maxRounds, keep }: RefillOptions<Group>,
): Refill<Group> {
  checkInteger("refill", { target }, { min: 1 });
  if (maxRounds !== undefined) checkInteger("refill", { maxRounds }, { min: 1 });
  if (state.status !== "draw") {
    throw new RangeError(`refill: state.status must be "draw", got "${state.status}"`);
  }
  const kept = [...state.kept, ...drawn.filter(keep)].slice(0, target);
  const numRounds = state.numRounds + 1;
  const isOver = maxRounds !== undefined && numRounds >= maxRounds;
  return {
    kept,
    numRounds,
    numDropped: state.numDropped + drawn.length - (kept.length - state.kept.length),
    status: kept.length === target ? "full" : isOver ? "exhausted" : "draw",
  };
}
