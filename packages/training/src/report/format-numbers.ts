/** Formats a duration as `4:05` or `1:02:09`. */
export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const parts = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (parts[0] === 0) parts.shift();
  return parts.map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, "0"))).join(":");
}

/** Formats a share as a percentage: `43.8%`. */
export function formatPercent(share: number): string {
  return `${(100 * share).toFixed(1)}%`;
}

/** Formats a whole number with thousands separators: `6,210`. */
export function formatThousands(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

/**
 * Estimates the remaining time, seconds, from the start time and the completed share; `undefined`
 * if the share is 0 or 1.
 */
export function estimateSecondsLeft(started: number, share: number): number | undefined {
  if (share <= 0 || share >= 1) return undefined;
  return (((performance.now() - started) / 1000) * (1 - share)) / share;
}

/** Formats the estimated time left, given the start time and the completed share: `, 3:20 left`. */
export function formatTimeLeft(started: number, share: number): string {
  const seconds = estimateSecondsLeft(started, share);
  return seconds === undefined ? "" : `, ${formatDuration(seconds)} left`;
}

/** Formats a number of bytes with its unit: `3.21 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB", "TiB"];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toPrecision(value >= 1000 ? 4 : 3)} ${units[unit]}`;
}
