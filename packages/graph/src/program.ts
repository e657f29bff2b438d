import { dimensionNames } from "./dimension.ts";
import { mapRecord } from "./map-record.ts";
import type { Operation } from "./operation.ts";
import type { Tensor } from "./tensor.ts";

/** A traced computation, ready for the interpreter or an executor. Plain data. */
export interface Program<Output extends string = string> {
  /** Steps in an order that can be run; only what the outputs need. */
  readonly operations: readonly Operation[];
  /** All inputs that were declared, used or not, by name. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<Output, Tensor>>;
}

/** An input as programs are fed with it. */
export interface Feed {
  /**
   * Row-major entries: `Float32Array` (or `Float64Array`, interpreter only) for float32, `Int32Array`
   * for int32, `Uint8Array` of 0 and 1 for bool. Not copied, and not changed.
   */
  readonly data: Float32Array | Float64Array | Int32Array | Uint8Array;
  readonly shape: readonly number[];
}

/** All inputs of a program, by name. */
export type Feeds = Readonly<Record<string, Feed>>;

/**
 * Makes a program of traced steps: leaves out what no output needs, and the marks that matter to
 * differentiation alone.
 * @throws `RangeError` if a step uses a named size that is not an axis of any input.
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
