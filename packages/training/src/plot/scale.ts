/** Mapping from values to pixels along an axis. */
export interface Scale {
  readonly at: (value: number) => number;
  /** Round values within the domain, ascending. */
  readonly ticks: readonly number[];
  /** Formats a tick with as many decimals as the tick step needs. */
  readonly label: (tick: number) => string;
}

/**
 * Creates a linear scale with round ticks.
 * @param domain - Lowest and highest value; widened if they are equal.
 * @param range - Pixels of the lowest and highest value.
 * @param numTicks - Desired number of ticks; with `isWhole`, ticks are whole numbers.
 */
export function createLinearScale(
  [low, high]: readonly [number, number],
  [start, end]: readonly [number, number],
  numTicks: number,
  isWhole = false,
): Scale {
  const [first, last] = low < high ? [low, high] : [low - 0.5, low + 0.5];
  const step = Math.max(isWhole ? 1 : 0, roundStep((last - first) / numTicks));
  const ticks: number[] = [];
  // The tolerance keeps the last tick, which rounding could drop.
  for (let i = Math.ceil(first / step - 1e-9); i * step <= last + 1e-9 * step; i++) {
    ticks.push(i * step);
  }
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return {
    at: (value) => start + ((value - first) / (last - first)) * (end - start),
    ticks,
    label: (tick) => (Math.abs(tick) < step / 2 ? (0).toFixed(decimals) : tick.toFixed(decimals)),
  };
}

/** Rounds up to 1, 2 or 5 times a power of ten. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step));
  return power * ([1, 2, 5].find((factor) => factor * power >= step * (1 - 1e-9)) ?? 10);
}
