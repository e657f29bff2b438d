/**
 * A decimal number of few digits with the same float32 value: at most 9 significant digits in place
 * of the up to 17 that JSON needs for the float64 value. Numbers that are not finite stay as they are.
 *
 * @example
 * shortFloat(Math.fround(0.1)); // 0.1, not 0.10000000149011612
 */
export function shortFloat(value: number): number {
  const single = Math.fround(value);
  if (!Number.isFinite(single) || Number.isInteger(single)) return single;
  // Every float32 is the nearest one to its decimal number of 9 digits, and most to that of 8.
  const scale = scaleOf(Math.abs(single));
  if (scale === undefined) return searchShort(single);
  const shortest = Math.round(single * (scale / 10)) / (scale / 10);
  if (Math.fround(shortest) === single) return shortest;
  const rounded = Math.round(single * scale) / scale;
  if (Math.fround(rounded) === single) return rounded;
  return Math.round(single * scale * 10) / (scale * 10);
}

function searchShort(single: number): number {
  for (let digits = 7; digits < 9; digits++) {
    const rounded = Number(single.toPrecision(digits));
    if (Math.fround(rounded) === single) return rounded;
  }
  return Number(single.toPrecision(9));
}

/**
 * Power of ten that leaves 8 digits before the point; `undefined` for magnitudes that are rare here. It
 * is exact in float64, so that a division by it rounds once.
 */
function scaleOf(magnitude: number): number | undefined {
  if (magnitude < 1e-3) return undefined;
  if (magnitude < 1e-2) return 1e10;
  if (magnitude < 0.1) return 1e9;
  if (magnitude < 1) return 1e8;
  if (magnitude < 10) return 1e7;
  return magnitude < 100 ? 1e6 : undefined;
}

/** {@link shortFloat} of each value, as a plain list for JSON. */
export function shortFloats(values: ArrayLike<number>): number[] {
  const list: number[] = Array<number>(values.length);
  for (let i = 0; i < values.length; i++) list[i] = shortFloat(values[i]!);
  return list;
}
