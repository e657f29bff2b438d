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
  const exponent = Math.floor(Math.log10(Math.abs(single)));
  // Every float32 is the nearest one to its decimal number of 9 digits, most to that of 7 or 8.
  for (let digits = 7; digits <= 9; digits++) {
    const rounded = roundTo(single, digits - 1 - exponent);
    if (Math.fround(rounded) === single) return rounded;
  }
  return single;
}

/** Powers of ten up to 10^22 are exact in float64, so that the division rounds once. */
function roundTo(value: number, decimals: number): number {
  if (decimals < 0 || decimals > 22) return Number(value.toExponential(8));
  const scale = 10 ** decimals;
  return Math.round(value * scale) / scale;
}

/** {@link shortFloat} of each value, as a plain list for JSON. */
export function shortFloats(values: ArrayLike<number>): number[] {
  const list: number[] = Array<number>(values.length);
  for (let i = 0; i < values.length; i++) list[i] = shortFloat(values[i]!);
  return list;
}
