import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differentiableKinds } from "./gradients.ts";
import { finiteDifferences, interpret } from "./index.ts";
import { feedCase, maxCaseEntries, operationCases, traceCase } from "./laws/operation-cases.ts";

describe("gradients", () => {
  it("are tested for every operation that has them", () => {
    const traced = new Set<string>(
      operationCases.flatMap((example) => traceCase(example).operations.map(({ kind }) => kind)),
    );
    expect(differentiableKinds.filter((kind) => !traced.has(kind))).toEqual([]);
  });

  for (const example of operationCases) {
    it(`agree with finite differences: ${example.name}`, () => {
      const program = traceCase(example);
      const property = fc.property(
        fc.integer({ min: 2, max: 3 }),
        fc.array(fc.double({ min: -2, max: 2, noNaN: true }), {
          minLength: maxCaseEntries,
          maxLength: maxCaseEntries,
        }),
        (n, entries) => {
          const feeds = feedCase(example, n, entries);
          const results = interpret(program, feeds);
          for (const key of Object.keys(example.inputs)) {
            const expected = finiteDifferences(program, feeds, "loss", key);
            const { shape, data } = results[key]!;
            expect(shape).toEqual(feeds[key]!.shape);
            expect(data.length).toBe(expected.length);
            data.forEach((value, i) => {
              const tolerance = 1e-6 * (1 + Math.abs(expected[i]!));
              expect(Math.abs(value - expected[i]!)).toBeLessThan(tolerance);
            });
          }
        },
      );
      fc.assert(property, { numRuns: 15 });
    });
  }
});
