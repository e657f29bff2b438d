import type { Ragged } from "./check-ragged.ts";

/** Log-probs computed in float32 may exceed 0 through rounding. */
const maxLogProb = 1e-3;

/** True if a number is a valid log-prob: finite, and at most 0 up to rounding. */
export function isLogProb(value: number): boolean {
  return Number.isFinite(value) && value <= maxLogProb;
}

/** Checks that the log-probs of counted tokens are finite and at most 0 (up to rounding). */
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
