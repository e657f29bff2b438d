import { expect, it } from "vitest";
import { retryAfterSeconds } from "./retry-after.ts";

const now = Date.UTC(2026, 10, 30, 12, 0, 0);

it("reads seconds, with and without a fraction", () => {
  expect(retryAfterSeconds({ "retry-after": "120" }, now)).toBe(120);
  expect(retryAfterSeconds({ "retry-after": " 1.5 " }, now)).toBe(1.5);
  expect(retryAfterSeconds({ "retry-after": "0" }, now)).toBe(0);
});

it("reads milliseconds, and prefers them", () => {
  expect(retryAfterSeconds({ "retry-after-ms": "250" }, now)).toBe(0.25);
  expect(retryAfterSeconds({ "retry-after-ms": "250", "retry-after": "9" }, now)).toBe(0.25);
  expect(retryAfterSeconds({ "retry-after-ms": "soon", "retry-after": "9" }, now)).toBe(9);
});

it("reads the three forms of an HTTP date", () => {
  for (const date of [
    "Mon, 30 Nov 2026 12:00:20 GMT",
    "Monday, 30-Nov-26 12:00:20 GMT",
    "Mon Nov 30 12:00:20 2026",
  ]) {
    expect(retryAfterSeconds({ "retry-after": date }, now)).toBe(20);
  }
});

it("measures a date by the server's clock if known", () => {
  const date = "Mon, 30 Nov 2026 15:00:00 GMT";
  const after = "Mon, 30 Nov 2026 15:00:07 GMT";
  expect(retryAfterSeconds({ date, "retry-after": after }, now)).toBe(7);
});

it("does not wait for a past date", () => {
  const after = "Mon, 30 Nov 2026 11:59:00 GMT";
  expect(retryAfterSeconds({ "retry-after": after }, now)).toBe(0);
});

it("ignores values that it cannot parse", () => {
  for (const after of ["", "soon", "-3", "1h", "NaN", "Infinity", "12:99:99"]) {
    expect(retryAfterSeconds({ "retry-after": after }, now)).toBeUndefined();
  }
  expect(retryAfterSeconds({}, now)).toBeUndefined();
});
