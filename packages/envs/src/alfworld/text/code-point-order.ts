/**
 * Compares strings by code points, as Python does; JavaScript's `<` compares UTF-16 code units,
 * which puts characters above U+FFFF before U+E000 to U+FFFF.
 * @returns Negative, 0 or positive.
 */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  let i = 0;
  while (i < length && a.charCodeAt(i) === b.charCodeAt(i)) i++;
  if (i === length) return a.length - b.length;
  // At the first difference, a surrogate (part of a character above U+FFFF) ranks above every other
  // code unit.
  return rank(a.charCodeAt(i)) - rank(b.charCodeAt(i));
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
