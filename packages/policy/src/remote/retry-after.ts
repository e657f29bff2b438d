import type { IncomingHttpHeaders } from "node:http";

/** A number in decimal digits, as headers write it. */
const decimal = /^\s*\d+(?:\.\d+)?\s*$/u;
/** The time of day that every form of an HTTP date has. */
const timeOfDay = /\d{1,2}:\d{2}:\d{2}/u;
/** A time zone at the end of a date. */
const zone = /(?:GMT|UTC|Z|[+-]\d{2}:?\d{2})\s*$/iu;

function dateMilliseconds(text: string): number | undefined {
  if (!timeOfDay.test(text)) return undefined;
  const time = Date.parse(zone.test(text) ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Seconds that a server asks its client to wait, `>= 0`: `retry-after-ms` in milliseconds, or
 * `retry-after` in seconds or as a date, by the clock of the server's own `date` header if it sends
 * one. `undefined` if there is neither or it cannot be read.
 * @param now - Time on the client's clock, milliseconds since 1970, for a server without `date`.
 */
export function retryAfterSeconds(headers: IncomingHttpHeaders, now: number): number | undefined {
  const milliseconds = headers["retry-after-ms"];
  if (typeof milliseconds === "string" && decimal.test(milliseconds)) {
    return Number(milliseconds) / 1000;
  }
  const after = headers["retry-after"];
  if (after === undefined) return undefined;
  if (decimal.test(after)) return Number(after);
  const until = dateMilliseconds(after);
  if (until === undefined) return undefined;
  const from = headers.date === undefined ? undefined : dateMilliseconds(headers.date);
  return Math.max(0, (until - (from ?? now)) / 1000);
}
