import type { Operation } from "../operation.ts";
import type { Program } from "../program.ts";
import type { Tensor } from "../tensor.ts";

/** Minimum number of entries for the optimization; for smaller tables the saving is negligible. */
const manyEntries = 2 ** 20;

/**
 * Fuses a `scatterAdd` with the addition of its result to another table: rows are scattered
 * directly into that table, which becomes the third input of `scatterAdd`. For large tables, such
 * as the gradient of an embedding, this avoids a second table. Results are equal up to rounding.
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
