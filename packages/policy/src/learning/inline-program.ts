import type { Operation, Program, Tensor, Tracer } from "@turnwise/graph";

/**
 * Records the operations of a program in another tracer, with tensors of that tracer as inputs.
 * The names of sizes do not change.
 * @param inputs - A tensor for each input that the program reads.
 * @returns The outputs of the program, as tensors of the tracer.
 * @throws `RangeError` if an input is missing.
 */
export function inlineProgram(
  g: Tracer,
  program: Program,
  inputs: Readonly<Record<string, Tensor>>,
): Record<string, Tensor> {
  const known = new Map<number, Tensor>();
  for (const operation of program.operations) {
    const operands = operation.inputs.map(({ id }) => known.get(id)!);
    const results = record(g, operation, operands, inputs);
    operation.outputs.forEach(({ id }, i) => known.set(id, results[i]!));
  }
  return Object.fromEntries(
    Object.entries(program.outputs).map(([name, { id }]) => [name, known.get(id)!]),
  );
}

function record(
  g: Tracer,
  operation: Operation,
  operands: readonly Tensor[],
  inputs: Readonly<Record<string, Tensor>>,
): readonly Tensor[] {
  const [a, b, c] = [operands[0]!, operands[1]!, operands[2]!];
  const { dtype, shape } = operation.outputs[0]!;
  switch (operation.kind) {
    case "input": {
      const given = inputs[operation.attributes.name];
      if (given) return [given];
      throw new RangeError(
        `inlineProgram: input ${operation.attributes.name} must be given, got none`,
      );
    }
    case "constant":
      return [g.constant(operation.attributes.values, { dtype, shape })];
    case "size":
      return [g.size(operation.attributes.dimension)];
    case "iota":
      return [g.iota(shape[0]!)];
    case "add":
    case "subtract":
    case "multiply":
    case "divide":
    case "minimum":
    case "maximum":
    case "greater":
    case "equal":
    case "and":
      return [g[operation.kind](a, b)];
    case "not":
    case "negate":
    case "exp":
    case "log":
    case "sqrt":
    case "reciprocal":
    case "sigmoid":
    case "tanh":
    case "silu":
    case "softmax":
    case "logSoftmax":
      return [g[operation.kind](a)];
    case "where":
      return [g.where(a, b, c)];
    case "cast":
      return [g.cast(a, dtype)];
    case "reduceSum":
    case "reduceMean":
    case "reduceMax":
      return [g[operation.kind](a, operation.attributes)];
    case "matmul":
      return [g.matmul(a, b, operation.attributes)];
    case "reshape":
      return [g.reshape(a, shape)];
    case "transpose":
      return [g.transpose(a, operation.attributes.permutation)];
    case "slice": {
      const { axis, start, end } = operation.attributes;
      return [g.slice(a, axis, start, end)];
    }
    case "concat":
      return [g.concat(operands, operation.attributes.axis)];
    case "expand":
      return [g.expand(a, shape)];
    case "gather":
      return [g.gather(a, b, operation.attributes)];
    case "scatterAdd":
      return [g.scatterAdd(a, b, operation.attributes.rows, operation.attributes)];
    case "replaceRows":
      return [g.replaceRows(a, b, c)];
    case "takeAlong":
      return [g.takeAlong(a, b)];
    case "scatterAddAlong":
      return [g.scatterAddAlong(a, b, operation.attributes.size)];
    default:
      throw new RangeError(
        `inlineProgram: operation must be allowed in objectives, got ${operation.kind}`,
      );
  }
}
