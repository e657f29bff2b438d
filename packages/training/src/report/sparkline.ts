const bars = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;

/**
 * Draws values as a row of bars, the latest last.
 * @param values - Finite values. If there are more than `width`, only the latest are drawn.
 * @param width - Number of bars, `>= 0`.
 * @param scale - Values of the lowest and the highest bar; values outside are clamped.
 */
export function drawSparkline(
  values: readonly number[],
  width: number,
  { low, high }: { readonly low: number; readonly high: number },
): string {
  if (width <= 0) return "";
  return values
    .slice(-width)
    .map((value) => {
      const share = high > low ? (value - low) / (high - low) : 0;
      return bars[Math.round(Math.min(1, Math.max(0, share)) * (bars.length - 1))]!;
    })
    .join("");
}

/** Draws a share as a bar. @param share - In [0, 1]; values outside are clamped. */
export function drawBar(share: number, width: number): string {
  const full = Math.floor(Math.min(1, Math.max(0, share)) * width);
  return "█".repeat(full) + "░".repeat(Math.max(0, width - full));
}
