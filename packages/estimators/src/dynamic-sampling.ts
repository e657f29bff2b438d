import { checkInteger } from "@turnwise/core";

/** What has been gathered so far. */
export interface Refill<Group> {
  /** Groups that were kept, at most the target's number, in the order they were drawn. */
  readonly kept: readonly Group[];
  /** Rounds of drawing so far. */
  readonly numRounds: number;
  /** Groups that were dropped: no signal, or surplus. */
  readonly numDropped: number;
  /** `"full"`: the target is met. `"draw"`: draw again. `"exhausted"`: the limit of rounds is reached short of the target. */
  readonly status: "full" | "draw" | "exhausted";
}

/** Options of {@link refill}. */
export interface RefillOptions<Group> {
  /** Groups wanted, `>= 1`. */
  readonly target: number;
  /** Rounds allowed, `>= 1`. Default: no limit. */
  readonly maxRounds?: number;
  /** Whether a group is worth training on. */
  readonly keep: (group: Group) => boolean;
}

/** Where dynamic sampling begins. */
export const emptyRefill: Refill<never> = {
  kept: [],
  numRounds: 0,
  numDropped: 0,
  status: "draw",
};

/**
 * One round of DAPO's dynamic sampling: takes the groups that were just drawn, keeps those that
 * carry a signal, and says whether to draw again. Surplus beyond the target is dropped.
 *
 * @returns A new state. What an exhausted one is worth is the caller's decision: verl stops the run.
 * @throws `RangeError` if an option is out of range, or the state was not waiting for a draw.
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
