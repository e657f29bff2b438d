/**
 * Rounds a size up to one of few: all up to 8, then four per power of 2. Padded to these sizes,
 * programs rarely see new shapes, and waste at most a quarter of the computation.
 */
export function roundUpSize(size: number): number {
  if (size <= 8) return Math.max(1, size);
  const step = 2 ** (Math.floor(Math.log2(size - 1)) - 2);
  return Math.ceil(size / step) * step;
}
