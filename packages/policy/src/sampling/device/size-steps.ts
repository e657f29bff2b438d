/**
 * The next of few sizes: all up to 8, and from there on four in each power of 2. Programs that are
 * padded to these sizes seldom see a new shape, and compute at most a quarter in vain.
 */
export function nextSize(size: number): number {
  if (size <= 8) return Math.max(1, size);
  const step = 2 ** (Math.floor(Math.log2(size - 1)) - 2);
  return Math.ceil(size / step) * step;
}
