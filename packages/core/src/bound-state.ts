import { stateVersion, type EnvironmentState } from "./environment-state.ts";

/** Longest state in a record, bytes of JSON. */
export const maxStateBytes: number = 64 * 1024;

/** Minimum number of code units to which a text may be cut. */
const shortestLimit = 32;

/**
 * Limits a state to {@link maxStateBytes}: cuts its texts and lists, the longest first, and marks it
 * with `isTruncated`. A state that fits is returned unchanged.
 *
 * @returns A state of the same kind; one of kind `unavailable` if cuts do not suffice.
 */
export function boundState(state: EnvironmentState): EnvironmentState {
  if (countBytes(state) <= maxStateBytes) return state;
  for (let limit = maxStateBytes / 4; limit >= shortestLimit; limit /= 2) {
    const cut = { ...(cutValue(state, limit) as EnvironmentState), isTruncated: true } as const;
    if (countBytes(cut) <= maxStateBytes) return cut;
  }
  return {
    kind: "unavailable",
    version: stateVersion,
    reason: `the state of kind ${state.kind} is longer than ${maxStateBytes} bytes`,
  };
}

/** Bytes of a value as JSON in UTF-8. */
function countBytes(value: unknown): number {
  const text = JSON.stringify(value);
  // UTF-8 needs at most 3 bytes per code unit, so a short state need not be encoded.
  if (text.length * 3 <= maxStateBytes) return text.length;
  return new TextEncoder().encode(text).length;
}

/** Cuts texts to `limit` code units, and lists to `limit / 16` entries. */
function cutValue(value: unknown, limit: number): unknown {
  // Do not split a surrogate pair.
  if (typeof value === "string") return value.slice(0, limit).replace(/[\uD800-\uDBFF]$/u, "");
  if (Array.isArray(value)) {
    return value.slice(0, Math.ceil(limit / 16)).map((entry) => cutValue(entry, limit));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, cutValue(inner, limit)]),
  );
}
