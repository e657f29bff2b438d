/**
 * Points and weights of Simpson's rule on [low, high].
 * @param numIntervals - Even, `>= 2`.
 */
export function simpsonRule(
  low: number,
  high: number,
  numIntervals: number,
): { readonly x: number; readonly weight: number }[] {
  const step = (high - low) / numIntervals;
  return Array.from({ length: numIntervals + 1 }, (_, i) => {
    const factor = i === 0 || i === numIntervals ? 1 : i % 2 === 1 ? 4 : 2;
    return { x: low + i * step, weight: (factor * step) / 3 };
  });
}
