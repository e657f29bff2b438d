import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bindFeeds } from "./bind-feeds.ts";
import { interpret, type Feed, type Operation } from "./index.ts";
import { feedCase, maxCaseEntries, operationCases, traceCase } from "./laws/operation-cases.ts";
import { mapRecord } from "./map-record.ts";
import { removeEmpty } from "./remove-empty.ts";

function isEmptyStep({ inputs, outputs }: Operation): boolean {
  return [...inputs, ...outputs].some(({ shape }) => shape.includes(0));
}

describe("removeEmpty", () => {
  // Excludes cases with ids of an empty table, and slices that remove more entries than exist.
  const examples = operationCases.filter(
    ({ ids, name }) => ids === undefined && !name.startsWith("slice"),
  );
  for (const example of examples) {
    it(`equals the program, without empty tensors: ${example.name}`, () => {
      const program = traceCase(example);
      const property = fc.property(
        fc.integer({ min: 0, max: 2 }),
        fc.array(fc.float({ min: -2, max: 2, noNaN: true }), {
          minLength: maxCaseEntries,
          maxLength: maxCaseEntries,
        }),
        (n, entries) => {
          const feeds = feedCase(example, n, entries);
          const expected = interpret(program, feeds);
          const sizes = bindFeeds("test", program, feeds);
          const { program: full, emptyOutputs } = removeEmpty(program, sizes);
          expect(full.operations.filter(isEmptyStep)).toEqual([]);
          const needed: Record<string, Feed> = {};
          for (const name of Object.keys(full.inputs)) needed[name] = feeds[name]!;
          const actual = interpret(full, needed);
          const joined = mapRecord(expected, (value, name) => {
            const shape = emptyOutputs[name];
            return shape === undefined
              ? actual[name]
              : { ...value, shape, data: new Float64Array() };
          });
          expect(joined).toEqual(expected);
        },
      );
      fc.assert(property, { numRuns: 12 });
    });
  }
});
