import type { Ragged } from "./check-ragged.ts";

/** Log-probs of engines that compute in float32 may pass 0 by rounding. */
const maxLogProb = 1e-3;

/** Whether a number can be a log-prob: finite, and at most 0 but for rounding. */
export function isLogProb(value: number): boolean {
  return Number.isFinite(value) && value <= maxLogProb;
}

/** Requires finite log-probs of at most 0 (but for rounding), but only where they count. */
export function checkLogProbs(
  where: string,
  lists: Readonly<Record<string, Ragged>>,
  masks?: Ragged,
): void {
  for (const [name, rows] of Object.entries(lists)) {
    rows.forEach((row, rowIndex) => {
      row.forEach((logProb, token) => {
        if (masks?.[rowIndex]![token] === 0 || isLogProb(logProb)) return;
        throw new RangeError(
          `${where}: ${name}[${rowIndex}][${token}] must be finite and <= 0, got ${logProb}`,
        );
      });
    });
  }
}
