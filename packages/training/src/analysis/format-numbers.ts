import type { IntervalEstimate } from "@turnwise/statistics";
import { formatPercent } from "../report/format-numbers.ts";

/** Formats a number with its sign: `+0.012`. */
export function formatSigned(value: number, digits = 3): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(digits)}`;
}

/** Formats an estimate with its interval: `0.630 [0.455, 0.758]`. */
export function formatInterval({ estimate, low, high }: IntervalEstimate, digits = 3): string {
  const text = (value: number): string => value.toFixed(digits);
  return `${text(estimate)} [${text(low)}, ${text(high)}]`;
}

/** Formats a share with its interval in percent: `85.9% [75.4%, 92.4%]`. */
export function formatShare({ estimate, low, high }: IntervalEstimate): string {
  return `${formatPercent(estimate)} [${formatPercent(low)}, ${formatPercent(high)}]`;
}

/** Formats a correlation; an undefined correlation becomes `undefined (no variation)`. */
export function formatCorrelation(value: number | undefined, digits = 3): string {
  return value === undefined ? "undefined (no variation)" : value.toFixed(digits);
}
