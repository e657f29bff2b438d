import { createRandom } from "@turnwise/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { trace, type Program, type Tensor } from "@turnwise/graph";
import { planProgram } from "./plan.ts";

/**
 * Traces a program whose operations read values of all earlier parts, elementwise and over rows.
 */
function traceTangled(seed: number, numSteps: number): Program {
  const random = createRandom(seed);
  return trace((g) => {
    const tables = [g.input("x", "float32", ["n", 8]), g.input("y", "float32", ["n", 8])];
    const columns = [g.input("z", "float32", ["n", 1])];
    const pick = (list: readonly Tensor[]): Tensor => list[random.integer(list.length)]!;
    for (let step = 0; step < numSteps; step++) {
      const kind = random.integer(8);
      if (kind < 3) tables.push(g.add(pick(tables), pick(tables)));
      else if (kind < 5) tables.push(g.multiply(pick(tables), pick(columns)));
      else if (kind === 5) tables.push(g.softmax(pick(tables)));
      else if (kind === 6) columns.push(g.reduceSum(pick(tables), { axes: [1], keepDims: true }));
      else columns.push(g.exp(pick(columns)));
    }
    return { tables: g.concat(tables, 1), columns: g.concat(columns, 1) };
  });
}

test("orders every step after all that it reads, whatever is fused", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 1, max: 150 }), (seed, numSteps) => {
      const { steps, constants, inputs } = planProgram(traceTangled(seed, numSteps), "float32");
      const known = new Set([
        ...Object.values(inputs).map(({ id }) => id),
        ...constants.map(({ tensor }) => tensor.id),
      ]);
      for (const { reads, results } of steps) {
        for (const id of reads) expect(known.has(id)).toBe(true);
        for (const { id } of results) known.add(id);
      }
    }),
    { numRuns: 60, examples: [[1085826186, 38]] },
  );
});
