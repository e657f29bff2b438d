import { checkSameLength } from "@turnwise/core";
import { checkSeeds } from "./check-arguments.ts";
import type { IntervalEstimate, IntervalOptions } from "./interval-estimate.ts";
import { tInterval } from "./t-interval.ts";

/**
 * Mean of learning curves over seeds with a t interval at each point. The band is pointwise: it has
 * its nominal coverage at each single point, not for all points at once.
 *
 * @param curves - One curve per seed, `[seed][point]`, all with the same points: values of one arm,
 *   or differences of two.
 * @returns One estimate per point, `[point]`.
 * @throws `RangeError` for fewer than 2 seeds, curves of different lengths, a value that is not
 *   finite (`curves[seed][point]`), or a confidence outside (0, 1).
 */
export function meanCurve(
  curves: readonly (readonly number[])[],
  options: IntervalOptions = {},
): IntervalEstimate[] {
  if (curves.length < 2) {
    throw new RangeError(`meanCurve: curves must have at least 2 seeds, got ${curves.length}`);
  }
  for (const [i, curve] of curves.entries()) {
    checkSameLength("meanCurve", { "curves[0]": curves[0]!, [`curves[${i}]`]: curve });
    checkSeeds("meanCurve", { [`curves[${i}]`]: curve }, 0);
  }
  return curves[0]!.map((_, point) =>
    tInterval(
      curves.map((curve) => curve[point]!),
      options,
    ),
  );
}
