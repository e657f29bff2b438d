import { multiplyDimensions, type Dimension, type Shape } from "@turnwise/graph/executor";

/** Axes `start` to `end - 1`. */
export interface AxisRange {
  readonly start: number;
  readonly end: number;
}

/** Axes of two shapes that cover the same entries. */
export interface AxisMatch {
  readonly from: AxisRange;
  readonly to: AxisRange;
}

/**
 * Matches axes of a shape with those of its reshape: into the smallest groups that can be
 * determined with symbolic sizes.
 */
export function matchAxes(from: Shape, to: Shape): readonly AxisMatch[] {
  const matches: AxisMatch[] = [];
  let [i, j] = [0, 0];
  while (i < from.length || j < to.length) {
    const [startFrom, startTo] = [i, j];
    const found = matchOne(from, to, i, j);
    [i, j] = found;
    matches.push({ from: { start: startFrom, end: i }, to: { start: startTo, end: j } });
  }
  return matches;
}

/**
 * Ends of the smallest matching groups that start at axes `i` and `j`; the ends of the shapes if
 * there is no smaller match.
 */
function matchOne(from: Shape, to: Shape, i: number, j: number): readonly [number, number] {
  let ends: Dimension[] = [];
  let product: Dimension = 1;
  for (let axis = i; axis < from.length; axis++) {
    product = multiplyDimensions(product, from[axis]!);
    ends = [...ends, product];
  }
  // An axis of size 1 forms a group without a counterpart.
  if (i < from.length && from[i] === 1 && to[j] !== 1) return [i + 1, j];
  if (j < to.length && to[j] === 1 && from[i] !== 1) return [i, j + 1];
  product = 1;
  for (let axis = j; axis < to.length; axis++) {
    product = multiplyDimensions(product, to[axis]!);
    const at = ends.indexOf(product);
    if (at >= 0) return [i + at + 1, axis + 1];
  }
  return [from.length, to.length];
}
