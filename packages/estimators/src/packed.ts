import { checkFinite, checkInteger } from "@turnwise/core";
import { groupAdvantages, type GroupAdvantageOptions } from "./group-advantages.ts";

/**
 * `groupAdvantages` over groups that stand one after the other in one array.
 *
 * @param returns - `[trajectory]`.
 * @param groupOffsets - Where each group begins, and at last where the last one ends,
 *   `[group + 1]`, from 0 to `returns.length`.
 * @param options - With `numResponses` or `numTokens` by trajectory, `[trajectory]`.
 * @returns `[trajectory]`.
 * @throws As {@link groupAdvantages}, and `RangeError` if the offsets do not rise from 0 to the end.
 */
export function packedGroupAdvantages(
  returns: Float64Array,
  groupOffsets: Int32Array,
  {
    numResponses,
    numTokens,
    ...options
  }: Omit<GroupAdvantageOptions, "numResponses" | "numTokens"> & {
    readonly numResponses?: Int32Array;
    readonly numTokens?: Int32Array;
  } = {},
): Float64Array {
  checkOffsets("packedGroupAdvantages", "groupOffsets", groupOffsets, returns.length);
  const unpacked = (values: Float64Array | Int32Array): number[][] =>
    Array.from({ length: groupOffsets.length - 1 }, (_, group) =>
      Array.from(values.subarray(groupOffsets[group], groupOffsets[group + 1])),
    );
  const advantages = groupAdvantages(unpacked(returns), {
    ...options,
    ...(numResponses && { numResponses: unpacked(numResponses) }),
    ...(numTokens && { numTokens: unpacked(numTokens) }),
  });
  return Float64Array.from(advantages.flat());
}

/**
 * Gives every token the value of its response (or sequence).
 *
 * @param values - `[response]`.
 * @param offsets - Where the tokens of each response begin, and at last where they end,
 *   `[response + 1]`, from 0 on.
 * @param into - Takes the result, `[token]`; a new array where it is absent.
 * @throws `RangeError` if a value is not finite, the offsets do not rise from 0, or lengths differ.
 *
 * @example
 * spreadOverTokens([0.5, -1], Int32Array.of(0, 2, 3)); // [0.5, 0.5, -1]
 */
export function spreadOverTokens(
  values: ArrayLike<number>,
  offsets: Int32Array,
  into: Float32Array = new Float32Array(offsets.at(-1) ?? 0),
): Float32Array {
  checkFinite("spreadOverTokens", { values });
  checkOffsets("spreadOverTokens", "offsets", offsets, into.length);
  if (offsets.length !== values.length + 1) {
    throw new RangeError(
      `spreadOverTokens: offsets must have one entry more than values (${values.length}), got length ${offsets.length}`,
    );
  }
  for (let i = 0; i < values.length; i++) into.fill(values[i]!, offsets[i], offsets[i + 1]);
  return into;
}

/** Requires offsets that rise (or stand still) from 0 to the end. */
function checkOffsets(where: string, name: string, offsets: Int32Array, end: number): void {
  if (offsets.length === 0) {
    throw new RangeError(`${where}: ${name} must not be empty, got length 0`);
  }
  if (offsets[0] !== 0) {
    throw new RangeError(`${where}: ${name}[0] must be 0, got ${offsets[0]}`);
  }
  for (let i = 1; i < offsets.length; i++) {
    const [before, here] = [offsets[i - 1]!, offsets[i]!];
    if (here >= before && here <= end) continue;
    checkInteger(where, { [`${name}[${i}]`]: here }, { min: before, max: end });
  }
  if (offsets.at(-1) !== end) {
    throw new RangeError(
      `${where}: ${name} must end at the number of entries (${end}), got ${offsets.at(-1)}`,
    );
  }
}
