import { expect } from "vitest";

/**
 * Matcher for `toEqual` that allows errors of 5e-5: tokens and counts must be equal, but log-probs
 * and entropies may differ by float32 rounding.
 */
export function closeTo<T>(value: T): T {
  return replaceNumbers(value) as T;
}

function replaceNumbers(value: unknown): unknown {
  if (typeof value === "number") return Number.isInteger(value) ? value : expect.closeTo(value, 4);
  if (Array.isArray(value)) return value.map(replaceNumbers);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, entry]) => [key, replaceNumbers(entry)]),
  );
}
