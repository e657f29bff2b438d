/** Text of a missing value. */
export const none = "–";

/** Formats a number with the given number of decimals and a true minus sign. */
export function fixed(value: number | undefined, decimals = 2): string {
  if (value === undefined || !Number.isFinite(value)) return none;
  const text = value.toFixed(decimals);
  // Show no sign for a number that rounds to 0, such as -0.001 with 2 decimals.
  return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
}

/** Formats a number with about three significant digits: `0.0123`, `1.2e-5`, `1,234`. */
export function short(value: number | undefined): string {
  if (value === undefined || !Number.isFinite(value)) return none;
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3) return value.toExponential(1).replaceAll("-", "\u2212");
  if (size >= 1000) return count(Math.round(value));
  return fixed(value, size >= 100 ? 0 : size >= 10 ? 1 : size >= 1 ? 2 : 3);
}

/** Formats a share as per cent. */
export function percent(value: number | undefined, decimals = 0): string {
  return value === undefined || !Number.isFinite(value)
    ? none
    : `${fixed(100 * value, decimals)} %`;
}

/** Formats a whole number without separators, such as a seed. */
export function whole(value: number): string {
  return Number.isFinite(value) ? String(value) : none;
}

/** Formats a whole number with separators. */
export function count(value: number): string {
  return value.toLocaleString("en");
}

/** Formats the ends of a range: `0.82 to 1.4`. */
export function formatRange(
  low: number | undefined,
  high: number | undefined,
  decimals = 2,
): string {
  const [from, to] = [fixed(low, decimals), fixed(high, decimals)];
  return from === to ? from : `${from} to ${to}`;
}

/** Formats a number with its sign. */
export function signed(value: number | undefined, decimals = 2): string {
  const text = fixed(value, decimals);
  return value !== undefined && Number(value.toFixed(decimals)) > 0 ? `+${text}` : text;
}

/** Formats a duration: `42 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return none;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Readable name of a segment: `iteration 7`, `evaluation after, held_out`. */
export function segmentTitle(name: string): string {
  const iteration = /^iteration-(\d+)$/u.exec(name);
  if (iteration !== null) return `iteration ${Number(iteration[1])}`;
  const evaluation = /^evaluation-(before|after|during-\d+)-(.+)-(\w+)$/u.exec(name);
  if (evaluation === null) return name;
  return `evaluation ${evaluation[1]!.replace("-", " ")}, ${evaluation[2]}, ${evaluation[3]}`;
}

/** Short name of a segment for narrow columns: `iteration 7`, `eval. before`. */
export function shortSegmentTitle(name: string): string {
  return segmentTitle(name).replace("evaluation", "eval.").split(",")[0]!;
}

/** Text without the underscores of identifiers. */
export const words = (name: string): string => name.replaceAll("_", " ");
