/** Numbers below this limit are written with an exponent, as is usual for learning rates. */
const smallest = 1e-3;

/** Marks a number that is already formatted; settings never contain this character. */
const mark = "\u0000";

/** Formats settings as JSON in which small numbers have an exponent: `1e-6`, not `0.000001`. */
export function formatSettings(settings: unknown, indent = 0): string {
  const text = JSON.stringify(
    settings,
    (_key, value: unknown) => {
      if (typeof value !== "number" || value === 0 || Math.abs(value) >= smallest) return value;
      return `${mark}${value.toExponential()}`;
    },
    indent,
  );
  return text.replaceAll(/"\\u0000([^"]+)"/gu, "$1");
}
