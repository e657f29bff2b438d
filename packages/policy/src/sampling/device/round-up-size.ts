/**
 * Rounds a size up to one of few values: every size up to 8, then four per power of 2. With inputs
 * padded to these sizes, programs rarely get new shapes, and waste less than a quarter of the
 * computation.
 */
export function roundUpSize(size: number): number {
  if (size <= 8) return Math.max(1, size);
  const step = 2 ** (Math.floor(Math.log2(size - 1)) - 2);
  return Math.ceil(size / step) * step;
}
