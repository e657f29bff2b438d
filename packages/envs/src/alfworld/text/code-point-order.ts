/**
 * Compares texts by their code points, as Python does; JavaScript's `<` compares UTF-16 units, which
 * puts the characters from U+10000 on before those from U+E000 to U+FFFF.
 * @returns Below 0, 0 or above 0.
 */
export function compareCodePoints(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const unitA = a.charCodeAt(i);
    const unitB = b.charCodeAt(i);
    if (unitA === unitB) continue;
    // At the first difference, a surrogate stands for a character above every other unit.
    return rank(unitA) - rank(unitB);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
