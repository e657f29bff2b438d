/**
 * Finds the point where an increasing function reaches a value, to 13 digits, by the Illinois
 * variant of false position, with a bisection every fourth step.
 * @param low, high - Initial bracket; `high` is doubled until the function reaches the value there.
 */
export function findRoot(
  increasing: (x: number) => number,
  value: number,
  low: number,
  high: number,
): number {
  let below = { x: low, error: increasing(low) - value };
  let above = { x: high, error: increasing(high) - value };
  while (above.error < 0) {
    below = above;
    above = { x: 2 * above.x, error: increasing(2 * above.x) - value };
  }
  let last: "below" | "above" | undefined;
  for (let step = 0; above.x - below.x > 1e-13 * Math.abs(above.x); step++) {
    const crossing = (below.x * above.error - above.x * below.error) / (above.error - below.error);
    const isInside = crossing > below.x && crossing < above.x;
    const x = step % 4 === 3 || !isInside ? (below.x + above.x) / 2 : crossing;
    const error = increasing(x) - value;
    if (error === 0) return x;
    const side = error < 0 ? "below" : "above";
    if (side === "below") {
      below = { x, error };
      if (last === side) above = { ...above, error: above.error / 2 };
    } else {
      above = { x, error };
      if (last === side) below = { ...below, error: below.error / 2 };
    }
    last = side;
  }
  return above.x;
}
