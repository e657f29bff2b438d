import { createRandom } from "@turnwise/core";
import { describe, expect, it } from "vitest";
import { interpret } from "../index.ts";
import { feedCase, maxCaseEntries, operationCases, traceCase } from "../operation-cases.ts";
import { createOnnxExecutor } from "./index.ts";

const executor = createOnnxExecutor({ threads: 2 });

describe("createOnnxExecutor", () => {
  for (const example of operationCases) {
    it(`agrees with the interpreter, results and gradients: ${example.name}`, async () => {
      const program = traceCase(example);
      const executable = await executor.compile(program);
      for (const n of [2, 3, 2]) {
        const random = createRandom(`${example.name}/${n}`);
        const entries = Array.from({ length: maxCaseEntries }, () => 4 * random.next() - 2);
        const feeds = feedCase(example, n, entries);
        const expected = interpret(program, feeds);
        const actual = await executable.run(feeds);
        for (const [name, { shape, data }] of Object.entries(expected)) {
          expect(actual[name]!.shape).toEqual(shape);
          expect(actual[name]!.data.length).toBe(data.length);
          data.forEach((value, i) => {
            const error = Math.abs(actual[name]!.data[i]! - value);
            expect(error, `${name}[${i}] = ${value}`).toBeLessThan(2e-5 * (1 + Math.abs(value)));
          });
        }
      }
      await executable.release();
    });
  }
});
