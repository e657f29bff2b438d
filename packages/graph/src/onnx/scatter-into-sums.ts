import type { Operation } from "../operation.ts";
import type { Program } from "../program.ts";
import type { Tensor } from "../tensor.ts";

/** Below so many entries a table of its own costs nothing that counts. */
const manyEntries = 2 ** 20;

/**
 * Adds rows right to what they would be added to as a table: of a large table, such as the gradient of
 * an embedding, no second one is made for them. A step `scatterAdd` then has a third input, the table
 * that it starts from instead of zeros. Sums come out the same but for rounding.
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
