import { dimensionNames } from "./dimension.ts";
import { mapRecord } from "./map-record.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** Traced computation as plain data, ready for the interpreter or an executor. */
export interface Program<Output extends string = string> {
  /** Operations in a valid order; only operations that outputs need. */
  readonly operations: readonly Operation[];
  /** All declared inputs by name, including unused ones. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<Output, Tensor>>;
}

/** Value of an input. */
export interface Feed {
  /**
   * Row-major entries: `Float32Array` (or `Float64Array`, interpreter only) for float32,
   * `Int32Array` for int32, `Uint8Array` of 0 and 1 for bool. Neither copied nor changed.
   */
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** All inputs of a program, by name. */
export type Feeds = Readonly<Record<string, Feed>>;

/**
 * Creates a program from traced operations, without operations that no output needs or that only
 * differentiation uses.
 * @throws `RangeError` if an operation uses a named size that is not an axis of any input.
 */
export function createProgram<Output extends string>(
  traced: readonly Operation[],
  inputs: Readonly<Record<string, Tensor>>,
  outputs: Readonly<Record<Output, Tensor>>,
): Program<Output> {
  const sameAs = new Map<number, Tensor>();
  const resolve = (tensor: Tensor): Tensor => sameAs.get(tensor.id) ?? tensor;
  const steps: Operation[] = [];
  for (const operation of traced) {
    if (operation.kind === "stopGradient" || operation.kind === "withGradient") {
      operation.outputs.forEach((output, i) =>
        sameAs.set(output.id, resolve(operation.inputs[i]!)),
      );
    } else {
      steps.push({ ...operation, inputs: operation.inputs.map(resolve) });
    }
  }
  const resolved = mapRecord<Output, Tensor, Tensor>(outputs, resolve);

  const needed = new Set(Object.values<Tensor>(resolved).map((tensor) => tensor.id));
  const kept: Operation[] = [];
  for (const operation of steps.reverse()) {
    if (!operation.outputs.some((output) => needed.has(output.id))) continue;
    for (const input of operation.inputs) needed.add(input.id);
    kept.push(operation);
  }
  const program = { operations: kept.reverse(), inputs, outputs: resolved };
  checkNames(program);
  return program;
}

function checkNames(program: Program): void {
  const known = new Set(Object.values(program.inputs).flatMap((tensor) => tensor.shape));
  for (const operation of program.operations) {
    for (const { shape } of operation.outputs) {
      for (const name of shape.flatMap(dimensionNames)) {
        if (known.has(name)) continue;
        throw new RangeError(
          `trace: size ${name} must be an axis of an input by itself, got it only in formulas`,
        );
      }
    }
  }
}
