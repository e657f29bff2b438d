/**
 * Point at which an increasing function reaches a value, by bisection to the last bit.
 * @param low, high - A bracket; `high` is doubled until the function reaches the value there.
 */
export function findRoot(
  increasing: (x: number) => number,
  value: number,
  low: number,
  high: number,
): number {
  let [below, above] = [low, high];
  while (increasing(above) < value) above *= 2;
  for (;;) {
    const middle = (below + above) / 2;
    if (middle <= below || middle >= above) return above;
    if (increasing(middle) < value) below = middle;
    else above = middle;
  }
}
