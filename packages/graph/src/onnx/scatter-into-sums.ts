import type { Operation } from "../operation.ts";
import type { Program } from "../program.ts";
import type { Tensor } from "../tensor.ts";

/** Tables with fewer entries are left alone: a second one costs almost nothing. */
const manyEntries = 2 ** 20;

/**
 * Scatters rows directly into the table that their sum would be added to: for a large table, such
 * as the gradient of an embedding, no second one is allocated. The operation `scatterAdd` then has
 * a third input, the initial table instead of zeros. Sums are equal up to rounding.
 */
export function scatterIntoSums<Output extends string>(program: Program<Output>): Program<Output> {
  const numUses = new Map<number, number>();
  const count = ({ id }: Tensor): void => void numUses.set(id, (numUses.get(id) ?? 0) + 1);
  for (const { inputs } of program.operations) inputs.forEach(count);
  Object.values<Tensor>(program.outputs).forEach(count);
  const scatters = new Map<number, Operation>();
  for (const operation of program.operations) {
    if (operation.kind !== "scatterAdd" || operation.attributes.uniqueIds) continue;
    const [table] = operation.outputs;
    if (isLarge(table!) && numUses.get(table!.id) === 1) scatters.set(table!.id, operation);
  }
  const joined = new Set<Operation>();
  const operations = program.operations.map((operation) => {
    if (operation.kind !== "add") return operation;
    const place = operation.inputs.findIndex(({ id }) => scatters.has(id));
    const scatter = scatters.get(operation.inputs[place]?.id ?? -1);
    const other = operation.inputs[1 - place];
    if (!scatter || other?.shape.join() !== operation.outputs[0]!.shape.join()) return operation;
    joined.add(scatter);
    return { ...scatter, inputs: [...scatter.inputs, other], outputs: operation.outputs };
  });
  return { ...program, operations: operations.filter((operation) => !joined.has(operation)) };
}

function isLarge({ shape }: Tensor): boolean {
  const [rows, width] = shape;
  return (
    shape.length === 2 &&
    typeof rows === "number" &&
    typeof width === "number" &&
    rows * width >= manyEntries
  );
}
