import { checkFinite } from "@turnwise/core";
import { checkSameShape, type Ragged } from "./check-ragged.ts";
import { discountedReturns } from "./discounted-returns.ts";
import { groupAdvantages, type GroupAdvantageOptions } from "./group-advantages.ts";

/** Input of {@link gigpoAdvantages} for one trajectory. */
export interface KeyedTrajectory {
  /** Reward of each turn, `[turn]`. */
  readonly rewards: readonly number[];
  /** Key of the state before each turn, such as the observation, `[turn]`. */
  readonly stateKeys: readonly string[];
}

/** Options of {@link gigpoAdvantages}. */
export interface GigpoOptions {
  /** Discount per turn (gamma), in `[0, 1]`. Default 0.95. */
  readonly discount?: number;
  /** Weight of the turn part relative to the trajectory part. Default 1. */
  readonly turnWeight?: number;
  /**
   * Scale of both parts. `"none"` is the default in the paper's code; its ALFWorld script uses
   * `"sample"`.
   */
  readonly scale?: "none" | "sample";
  /** Added to the standard deviation, `>= 0`. Default 1e-6. */
  readonly epsilon?: number;
  /**
   * Unit of the statistics. Default `"responses"`, as in the paper's code: long trajectories weigh
   * more.
   */
  readonly statisticsOver?: "trajectories" | "responses";
}

/**
 * GiGPO: the advantage of the trajectory within its group, plus the advantage of the turn among all
 * turns of the group that were taken in the same state. (The paper says step instead of turn.)
 *
 * The return of a turn is the discounted sum of rewards from that turn onward. If a state was
 * visited only once, the turn part is 0. A group of one keeps its return (as in verl).
 *
 * @param groups - Rewards and state keys of each trajectory, `[group][trajectory]`.
 * @returns One advantage per turn, `[group][trajectory][turn]`.
 * @throws `RangeError` if rewards and keys differ in length, a number is not finite, or an option
 *   is out of range.
 * @see arXiv:2505.10978
 */
export function gigpoAdvantages(
  groups: readonly (readonly KeyedTrajectory[])[],
  {
    discount = 0.95,
    turnWeight = 1,
    scale = "none",
    epsilon = 1e-6,
    statisticsOver = "responses",
  }: GigpoOptions = {},
): number[][][] {
  checkFinite("gigpoAdvantages", { turnWeight });
  for (const group of groups) {
    checkSameShape("gigpoAdvantages", {
      rewards: group.map(({ rewards }) => rewards),
      stateKeys: group.map(({ stateKeys }) => stateKeys.map(() => 0)),
    });
  }
  const trajectoryParts = groupAdvantages(
    groups.map((group) => group.map(({ rewards }) => discountedReturns(rewards)[0] ?? 0)),
    {
      scale,
      epsilon,
      singleton: "raw",
      statisticsOver,
      numResponses: groups.map((group) => group.map(({ rewards }) => rewards.length)),
    },
  );
  return groups.map((group, groupIndex) => {
    const keys = group.map(({ stateKeys }) => stateKeys);
    const returns = group.map(({ rewards }) => discountedReturns(rewards, { discount }));
    const turnParts = compareByKey(returns, keys, { scale, epsilon, singleton: "zero" });
    return turnParts.map((turns, index) =>
      turns.map((own) => trajectoryParts[groupIndex]![index]! + turnWeight * own),
    );
  });
}

/** Options of {@link turnAdvantages}. */
export interface TurnAdvantageOptions extends Omit<
  GroupAdvantageOptions,
  "statisticsOver" | "numResponses" | "numTokens"
> {
  /** Discount per turn (gamma), in `[0, 1]`. Default 1. */
  readonly discount?: number;
  /**
   * Turns with which a turn is compared: turns of the group with the same index, or all turns of
   * the group. Default `"turn-index"`.
   */
  readonly among?: "turn-index" | "group";
}

/**
 * Computes the return from each turn onward, relative to the siblings.
 *
 * @param rewards - Rewards, `[group][trajectory][turn]`.
 * @param options - Options of `groupAdvantages`; a turn index that only one trajectory reached
 *   counts as a group of one.
 * @returns `[group][trajectory][turn]`.
 * @throws Errors of `groupAdvantages`.
 */
export function turnAdvantages(
  rewards: readonly Ragged[],
  { discount = 1, among = "turn-index", ...options }: TurnAdvantageOptions = {},
): number[][][] {
  const returns = rewards.map((group) => group.map((row) => discountedReturns(row, { discount })));
  // Pass all turns as one flat list, so that a baseline over the batch includes all groups.
  const rows = returns.flat();
  const keys = returns.flatMap((group, groupIndex) =>
    group.map((turns) =>
      turns.map((_, turn) => `${groupIndex}/${among === "turn-index" ? turn : "all"}`),
    ),
  );
  const advantages = compareByKey(rows, keys, options);
  let next = 0;
  return returns.map((group) => group.map(() => advantages[next++]!));
}

/** Computes advantages among entries with the same key; the result has the original shape. */
function compareByKey(
  values: Ragged,
  keys: readonly (readonly string[])[],
  options: GroupAdvantageOptions,
): number[][] {
  const result = values.map((row) => row.map(() => 0));
  const places = new Map<string, [row: number, index: number][]>();
  keys.forEach((row, rowIndex) =>
    row.forEach((key, index) => {
      const known = places.get(key);
      if (known === undefined) places.set(key, [[rowIndex, index]]);
      else known.push([rowIndex, index]);
    }),
  );
  const members = [...places.values()];
  const advantages = groupAdvantages(
    members.map((group) => group.map(([row, index]) => values[row]![index]!)),
    options,
  );
  members.forEach((group, groupIndex) =>
    group.forEach(([row, index], place) => {
      result[row]![index] = advantages[groupIndex]![place]!;
    }),
  );
  return result;
}
