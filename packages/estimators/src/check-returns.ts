/** Sums of squares of larger returns would come near the limit of float64. */
const maxReturn = 1e100;

/** Requires finite returns of a size that can be squared and summed, `[group][trajectory]`. */
export function checkReturns(where: string, returns: readonly (readonly number[])[]): void {
  returns.forEach((group, groupIndex) => {
    group.forEach((value, index) => {
      if (!(Math.abs(value) <= maxReturn)) {
        throw new RangeError(
          `${where}: returns[${groupIndex}][${index}] must be finite and at most 1e100 in size, got ${value}`,
        );
      }
    });
  });
}
