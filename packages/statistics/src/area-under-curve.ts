import { checkFinite, checkSameLength } from "@turnwise/core";

/**
 * Area under a learning curve divided by its width: the mean height of the curve by the trapezoid
 * rule, in the unit of its values. A comparison per seed shows differences in learning speed even
 * where the final values are equal.
 *
 * @param positions - Ascending positions of the points, `[point]`, e.g. iterations or tokens; leave
 *   out missing points; their neighbors are connected by a straight line.
 * @param values - Height at each position, `[point]`.
 * @returns The area divided by the width; for a single point, its value.
 * @throws `RangeError` for no points, a number that is not finite, lengths that differ, or
 *   positions that do not ascend.
 *
 * @example
 * areaUnderCurve([0, 1, 3], [0, 1, 1]); // (0.5 * 1 + 1 * 2) / 3 = 0.8333
 */
export function areaUnderCurve(positions: readonly number[], values: readonly number[]): number {
  checkSameLength("areaUnderCurve", { positions, values });
  checkFinite("areaUnderCurve", { positions, values });
  if (values.length === 0)
    throw new RangeError("areaUnderCurve: values must not be empty, got length 0");
  if (values.length === 1) return values[0]!;
  const width = positions.at(-1)! - positions[0]!;
  let area = 0;
  for (let i = 1; i < values.length; i++) {
    const step = positions[i]! - positions[i - 1]!;
    if (!(step > 0)) {
      throw new RangeError(
        `areaUnderCurve: positions[${i}] must be > ${positions[i - 1]}, got ${positions[i]}`,
      );
    }
    area += (step / width) * ((values[i - 1]! + values[i]!) / 2);
  }
  return area;
}
