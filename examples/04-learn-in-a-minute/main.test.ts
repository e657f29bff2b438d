import { expect, it } from "vitest";
import { runExample } from "../run-example.ts";

it("learns what its README says, whatever the processor's rounding", () => {
  const { printed, promised } = runExample(new URL(".", import.meta.url));
  const shares = (text: string): number[] =>
    [...text.matchAll(/found +(\d+)%/gu)].map(([, share]) => Number(share));
  expect(shares(printed)).toHaveLength(shares(promised).length);
  expect(shares(printed)[0]).toBeLessThan(15);
  expect(shares(printed).at(-1)).toBeGreaterThan(45);
}, 240_000);
