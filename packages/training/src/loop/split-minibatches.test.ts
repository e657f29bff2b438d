import { createRandom } from "@turnwise/core";
import fc from "fast-check";
import { expect, it } from "vitest";
import { splitMinibatches } from "./split-minibatches.ts";

it("puts every sample into one batch, with sizes that differ by at most one", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer()),
      fc.integer({ min: 1, max: 9 }),
      fc.string(),
      (samples, count, seed) => {
        const batches = splitMinibatches(samples, count, createRandom(seed));
        expect(batches.flat().sort((a, b) => a - b)).toEqual([...samples].sort((a, b) => a - b));
        const sizes = batches.map((batch) => batch.length);
        expect(batches).toHaveLength(Math.min(count, samples.length));
        const [least, most] = [Math.min(samples.length, ...sizes), Math.max(0, ...sizes)];
        expect(most - least).toBeLessThanOrEqual(1);
      },
    ),
  );
});
