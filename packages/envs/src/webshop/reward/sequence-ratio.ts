/** Code points of a string. */
function codes(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

/**
 * Similarity of two strings, as in Python's `difflib.SequenceMatcher`: twice the number of
 * characters in matching blocks over the total number of characters. The longest common run is
 * matched first, then the text before and after it (Ratcliff and Obershelp). If the second string
 * has 200 characters or more, a character that makes up more than a hundredth of it does not start
 * a match.
 * @returns In [0, 1]; 1 for two empty strings. Not symmetric.
 */
export function sequenceRatio(first: string, second: string): number {
  const a = codes(first);
  const b = codes(second);
  const total = a.length + b.length;
  if (total === 0) return 1;
  const positions = new Map<number, number[]>();
  b.forEach((code, i) => {
    const list = positions.get(code);
    if (list === undefined) positions.set(code, [i]);
    else list.push(i);
  });
  if (b.length >= 200) {
    const limit = Math.floor(b.length / 100) + 1;
    for (const [code, list] of positions) if (list.length > limit) positions.delete(code);
  }
  let matched = 0;
  const ranges: [number, number, number, number][] = [[0, a.length, 0, b.length]];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const [aStart, aEnd, bStart, bEnd] = range;
    const [i, j, size] = longestMatch(a, b, positions, range);
    if (size === 0) continue;
    matched += size;
    if (aStart < i && bStart < j) ranges.push([aStart, i, bStart, j]);
    if (i + size < aEnd && j + size < bEnd) ranges.push([i + size, aEnd, j + size, bEnd]);
  }
  return (2 * matched) / total;
}

/** Longest common run, the earliest in `a`, then in `b`: its starts and its length. */
function longestMatch(
  a: readonly number[],
  b: readonly number[],
  positions: ReadonlyMap<number, readonly number[]>,
  [aStart, aEnd, bStart, bEnd]: readonly [number, number, number, number],
): readonly [number, number, number] {
  let bestA = aStart;
  let bestB = bStart;
  let bestSize = 0;
  let lengths = new Map<number, number>();
  for (let i = aStart; i < aEnd; i++) {
    const next = new Map<number, number>();
    for (const j of positions.get(a[i]!) ?? []) {
      if (j < bStart) continue;
      if (j >= bEnd) break;
      const size = (lengths.get(j - 1) ?? 0) + 1;
      next.set(j, size);
      if (size > bestSize) {
        bestA = i - size + 1;
        bestB = j - size + 1;
        bestSize = size;
      }
    }
    lengths = next;
  }
  // Characters that are too frequent to start a match still extend one.
  while (bestA > aStart && bestB > bStart && a[bestA - 1] === b[bestB - 1]) {
    bestA -= 1;
    bestB -= 1;
    bestSize += 1;
  }
  while (
    bestA + bestSize < aEnd &&
    bestB + bestSize < bEnd &&
    a[bestA + bestSize] === b[bestB + bestSize]
  ) {
    bestSize += 1;
  }
  return [bestA, bestB, bestSize];
}
