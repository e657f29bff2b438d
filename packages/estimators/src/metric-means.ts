/**
 * Converts metrics of objectives, which are weighted sums and add up over microbatches, to means:
 * each is divided by `weight`, the sum of the weights. Without a weight (or with a weight of 0)
 * there is no mean.
 *
 * @param metrics - Summed over the parts of one optimizer step.
 * @returns The means, without `weight`; empty if that is 0 or absent.
 */
export function metricMeans(metrics: Readonly<Record<string, number>>): Record<string, number> {
  const { weight, ...sums } = metrics;
  if (weight === undefined || weight === 0) return {};
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / weight]));
}
