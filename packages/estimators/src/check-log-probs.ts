import type { Ragged } from "./check-ragged.ts";

/** Requires finite log-probs of at most 0, but only where they count. */
export function checkLogProbs(
  where: string,
  lists: Readonly<Record<string, Ragged>>,
  masks?: Ragged,
): void {
  for (const [name, rows] of Object.entries(lists)) {
    rows.forEach((row, rowIndex) => {
      row.forEach((logProb, token) => {
        if (masks?.[rowIndex]![token] === 0) return;
        if (!Number.isFinite(logProb) || logProb > 0) {
          throw new RangeError(
            `${where}: ${name}[${rowIndex}][${token}] must be finite and <= 0, got ${logProb}`,
          );
        }
      });
    });
  }
}
