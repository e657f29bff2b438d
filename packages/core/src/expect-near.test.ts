import { expect, it } from "vitest";
import { expectAllNear, expectNear, expectThat } from "./expect-near.ts";

it("allows a gap in proportion to the expected number, and an absolute one below 1", () => {
  expectNear("sum", 1000 + 1e-7, 1000);
  expectNear("sum", 1e-10, 0);
  expect(() => expectNear("sum", 2e-9, 0)).toThrow(/^sum must be 0, got 2e-9$/u);
  expect(() => expectNear("sum", Number.NaN, 0)).toThrow(/^sum must be 0, got NaN$/u);
});

it("compares lists by length and entry", () => {
  expectAllNear("shares", new Float32Array([0.5, 0.25]), [0.5, 0.25]);
  expect(() => expectAllNear("shares", [0.5], [0.5, 1])).toThrow(
    /^shares must have length 2, got 1$/u,
  );
  expect(() => expectAllNear("shares", [0.5, 2], [0.5, 1])).toThrow(
    /^shares\[1\] must be 1, got 2$/u,
  );
});

it("throws the message of a statement that does not hold", () => {
  expectThat(true, "unused");
  expect(() => expectThat(false, "mean must be 1")).toThrow(/^mean must be 1$/u);
});
