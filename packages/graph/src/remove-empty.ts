import { evaluateShape, type Sizes } from "./bind-feeds.ts";
import { evaluateDimension, type Dimension } from "./dimension.ts";
import type { Operation, OperationKind } from "./operation.ts";
import type { Program } from "./program.ts";
import { showShape, type Shape, type Tensor } from "./tensor.ts";

/** Program for fixed sizes, in which no operation reads or returns an empty tensor. */
export interface NonEmptyProgram {
  /** Program without its empty inputs and outputs. */
  readonly program: Program;
  /** Shapes of the empty outputs. */
  readonly emptyOutputs: Readonly<Record<string, readonly number[]>>;
}

/** Value of a reduction over no entries. */
const emptyReductions: Readonly<Partial<Record<OperationKind, number>>> = {
  reduceSum: 0,
  reduceMean: Number.NaN,
  reduceMax: Number.NEGATIVE_INFINITY,
  matmul: 0,
  linear: 0,
  scatterAdd: 0,
  scatterAddAlong: 0,
  rmsNorm: Number.NaN,
};

function isEmpty(shape: Shape): boolean {
  return shape.includes(0);
}

/**
 * Determines whether a program has empty tensors for some sizes.
 * @param program - Program, which is analyzed once.
 * @returns A function that returns, for given sizes: `"none"`; `"harmless"` if empty tensors are
 *   only moved and concatenated; `"computed"` if an entry is computed from an empty tensor, or an
 *   input is empty.
 */
export function createEmptyCheck(
  program: Program,
): (sizes: Sizes) => "none" | "harmless" | "computed" {
  const shapes = program.operations.flatMap(({ outputs }) => outputs.map(({ shape }) => shape));
  const dimensions = [...new Set<Dimension>(shapes.flat())];
  return (sizes) => {
    const values = new Map(dimensions.map((size) => [size, evaluateDimension(size, sizes)]));
    if (![...values.values()].includes(0)) return "none";
    const isEmptyNow = ({ shape }: Tensor): boolean => shape.some((size) => values.get(size) === 0);
    const isComputed = program.operations.some(
      ({ kind, inputs, outputs }) =>
        (kind === "input" && outputs.some(isEmptyNow)) ||
        ((kind in emptyReductions || kind === "replaceRows" || kind === "barrier") &&
          inputs.some(isEmptyNow) &&
          !outputs.every(isEmptyNow)),
    );
    return isComputed ? "computed" : "harmless";
  };
}

/** Evaluates all sizes in an operation to numbers. */
function bindOperation(operation: Operation, inputs: readonly Tensor[], sizes: Sizes): Operation {
  const outputs = operation.outputs.map((tensor) => ({
    ...tensor,
    shape: evaluateShape(tensor.shape, sizes),
  }));
  const { shape } = outputs[0]!;
  const value = (dimension: Dimension): number => evaluateDimension(dimension, sizes);
  const { kind } = operation;
  switch (kind) {
    case "size": {
      const values = [value(operation.attributes.dimension)];
      return { kind: "constant", attributes: { values }, inputs, outputs };
    }
    case "reshape":
    case "expand":
      return { kind, attributes: { shape }, inputs, outputs };
    case "slice": {
      const { axis, start, end } = operation.attributes;
      const attributes = { axis, start: value(start), end: value(end) };
      return { kind, attributes, inputs, outputs };
    }
    case "scatterAdd": {
      const attributes = { ...operation.attributes, rows: shape[0]! };
      return { kind, attributes, inputs, outputs };
    }
    case "scatterAddAlong":
      return { kind, attributes: { size: shape.at(-1)! }, inputs, outputs };
    default:
      return { ...operation, inputs, outputs };
  }
}

/**
 * Rewrites a program for fixed sizes so that it has no empty tensors, which some libraries do not
 * support.
 * @throws `RangeError` if an operation selects from a table without rows.
 */
export function removeEmpty(program: Program, sizes: Sizes): NonEmptyProgram {
  const bound = new Map<number, Tensor>();
  const operations: Operation[] = [];
  let nextId =
    Math.max(-1, ...program.operations.flatMap(({ outputs }) => outputs.map(({ id }) => id))) + 1;

  const fill = (output: Tensor, value: number): void => {
    const scalar: Tensor = { id: nextId++, dtype: output.dtype, shape: [] };
    operations.push(
      { kind: "constant", attributes: { values: [value] }, inputs: [], outputs: [scalar] },
      { kind: "expand", attributes: { shape: output.shape }, inputs: [scalar], outputs: [output] },
    );
  };

  for (const operation of program.operations) {
    const inputs = operation.inputs.map(({ id }) => bound.get(id)!);
    const fixed = bindOperation(operation, inputs, sizes);
    for (const output of fixed.outputs) bound.set(output.id, output);
    const full = fixed.outputs.filter(({ shape }) => !isEmpty(shape));
    if (full.length === 0) continue;
    if (!inputs.some(({ shape }) => isEmpty(shape))) {
      operations.push(fixed);
    } else if (fixed.kind === "concat") {
      operations.push({ ...fixed, inputs: inputs.filter(({ shape }) => !isEmpty(shape)) });
    } else if (fixed.kind === "barrier") {
      const present = inputs.filter(({ shape }) => !isEmpty(shape));
      const { shape } = fixed.outputs[0]!;
      operations.push(
        present.length > 1
          ? { ...fixed, inputs: present }
          : { ...fixed, kind: "reshape", attributes: { shape }, inputs: present },
      );
    } else if (fixed.kind === "replaceRows") {
      const { shape } = fixed.outputs[0]!;
      operations.push({ ...fixed, kind: "reshape", attributes: { shape }, inputs: [inputs[0]!] });
    } else if (fixed.kind === "linear" && inputs.length === 3) {
      const { shape } = fixed.outputs[0]!;
      operations.push({ ...fixed, kind: "expand", attributes: { shape }, inputs: [inputs[2]!] });
    } else {
      const value = emptyReductions[fixed.kind];
      if (value === undefined) {
        throw new RangeError(
          `run: ${fixed.kind} must not select from an empty table, got shapes ${inputs.map(({ shape }) => showShape(shape)).join(" and ")}`,
        );
      }
      for (const output of full) fill(output, value);
    }
  }

  const inputs: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(program.inputs)) {
    const shape = evaluateShape(tensor.shape, sizes);
    if (!isEmpty(shape)) inputs[name] = { ...tensor, shape };
  }
  const outputs: Record<string, Tensor> = {};
  const emptyOutputs: Record<string, readonly number[]> = {};
  for (const [name, { id }] of Object.entries(program.outputs)) {
    const tensor = bound.get(id)!;
    if (isEmpty(tensor.shape)) emptyOutputs[name] = tensor.shape.map(Number);
    else outputs[name] = tensor;
  }
  return { program: { operations, inputs, outputs }, emptyOutputs };
}
