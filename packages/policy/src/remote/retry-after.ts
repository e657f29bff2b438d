import type { IncomingHttpHeaders } from "node:http";

/** Matches a decimal number in a header. */
const decimal = /^\s*\d+(?:\.\d+)?\s*$/u;
/** Matches the time of day, which every form of an HTTP date contains. */
const timeOfDay = /\d{1,2}:\d{2}:\d{2}/u;
/** Matches a time zone at the end of a date. */
const zone = /(?:GMT|UTC|Z|[+-]\d{2}:?\d{2})\s*$/iu;

function dateMilliseconds(text: string): number | undefined {
  if (!timeOfDay.test(text)) return undefined;
  const time = Date.parse(zone.test(text) ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : time;
}

/**
 * Reads how many seconds a server asks the client to wait, `>= 0`: `retry-after-ms` in
 * milliseconds, or
 * `retry-after` in seconds or as a date relative to the server's own `date` header. `undefined` if
 * neither is present or readable.
 * @param now - Client time in milliseconds since 1970, used if there is no `date` header.
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
