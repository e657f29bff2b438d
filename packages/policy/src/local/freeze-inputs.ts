import type { Feed, Feeds, Operation, Program } from "@turnwise/graph";

/**
 * Makes constants of the inputs that are known: the executor may then lay them out for its kernels
 * once and for all.
 */
export function freezeInputs<Name extends string>(
  program: Program<Name>,
  known: Feeds,
): Program<Name> {
  const operations = program.operations.map((operation): Operation => {
    if (operation.kind !== "input") return operation;
    const feed = known[operation.attributes.name];
    if (!feed) return operation;
    return { ...operation, kind: "constant", attributes: { values: constantValues(feed) } };
  });
  const inputs = Object.fromEntries(
    Object.entries(program.inputs).filter(([name]) => !Object.hasOwn(known, name)),
  );
  return { ...program, operations, inputs };
}

function constantValues({ data }: Feed): Float32Array | Int32Array | Uint8Array {
  return data instanceof Float64Array ? Float32Array.from(data) : data;
}
