import { createHash } from "node:crypto";

/**
 * Formats JSON with the keys of every object in code-unit order and without white space, so that
 * equal values give equal text. Keys with value `undefined` are omitted.
 */
export function toCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner);
    return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

/** Computes the SHA-256 of {@link toCanonicalJson}, in hexadecimal. */
export function computeDigest(value: unknown): string {
  return createHash("sha256").update(toCanonicalJson(value)).digest("hex");
}
