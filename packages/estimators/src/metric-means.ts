/**
 * Converts metrics of objectives, which are weighted sums and add up over microbatches, to means:
 * each metric is divided by `weight`, the sum of the token weights.
 *
 * @param metrics - Metrics summed over the microbatches of one optimizer step.
 * @returns The means, without `weight`; empty if `weight` is 0 or absent.
 */
export function metricMeans(metrics: Readonly<Record<string, number>>): Record<string, number> {
  const { weight, ...sums } = metrics;
  if (weight === undefined || weight === 0) return {};
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / weight]));
}
