import type { Dimension } from "../dimension.ts";
import type { Tensor } from "../tensor.ts";
import type { DeviceOperation, ProductFactor } from "./cuda-program.ts";

/** The parts of a program that is being written. */
interface Written {
  readonly operations: readonly DeviceOperation[];
  readonly outputs: readonly Tensor[];
  /** Is changed where a step is replaced. */
  readonly producers: Map<number, DeviceOperation>;
  readonly factors: Map<DeviceOperation, readonly [ProductFactor, ProductFactor]>;
  readonly base: (tensor: Tensor) => Tensor;
  readonly size: (tensor: Tensor) => Dimension;
}

/** How far apart a sum and its summand may be: what the summand is made of is kept so long. */
const maxDistance = 64;

/** The third input of a product or a scatter: a value that it is added to, in the value's memory. */
export function addendOf({ kind, inputs }: DeviceOperation): Tensor | undefined {
  return kind === "matmul" || kind === "scatterAdd" ? inputs[2] : undefined;
}

/**
 * Lets products and scatters add to what is there already, where it is only there for their sum:
 * contributions to one gradient then need no memory and no pass of their own.
 */
export function joinAddends(written: Written): readonly DeviceOperation[] {
  const { operations, outputs, producers, factors, base, size } = written;
  const numUses = new Map<number, number>();
  const use = ({ id }: Tensor): void => void numUses.set(id, (numUses.get(id) ?? 0) + 1);
  for (const output of outputs) use(base(output));
  for (const operation of operations) {
    const read =
      operation.kind === "matmul"
        ? factors.get(operation)!.map((factor) => factor.base)
        : operation.kind === "reshape"
          ? []
          : operation.inputs;
    for (const tensor of read) use(base(tensor));
  }

  const result: (DeviceOperation | undefined)[] = [];
  const places = new Map<DeviceOperation, number>();
  const push = (operation: DeviceOperation): void => {
    places.set(operation, result.length);
    result.push(operation);
    for (const { id } of operation.outputs) producers.set(id, operation);
  };
  const isPart = (tensor: Tensor): boolean => {
    const { kind } = producers.get(tensor.id)!;
    return (kind === "matmul" || kind === "scatterAdd") && numUses.get(tensor.id) === 1;
  };
  for (const operation of operations) {
    const [x, y] = operation.inputs;
    if (operation.kind !== "add" || size(x!) !== size(y!)) {
      push(operation);
      continue;
    }
    const parts = [base(x!), base(y!)].map((tensor) => ({
      tensor,
      step: producers.get(tensor.id)!,
    }));
    parts.sort((a, b) => places.get(a.step)! - places.get(b.step)!);
    const [early, late] = parts;
    const place = places.get(late!.step)!;
    const canJoin =
      early !== late &&
      isPart(early!.tensor) &&
      isPart(late!.tensor) &&
      addendOf(late!.step) === undefined &&
      result.length - place <= maxDistance;
    if (!canJoin) {
      push(operation);
      continue;
    }
    // The step moves here, where both are there.
    result[place] = undefined;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a product or a scatter, with one input more.
    const step = {
      ...late!.step,
      inputs: [...late!.step.inputs, early!.tensor],
    } as DeviceOperation;
    const own = factors.get(late!.step);
    if (own) factors.set(step, own);
    push(step);
    const { shape } = operation.outputs[0]!;
    push({
      kind: "reshape",
      attributes: { shape },
      inputs: [late!.tensor],
      outputs: operation.outputs,
    });
    // What the sum was used by now uses the step's result.
    numUses.set(late!.tensor.id, numUses.get(operation.outputs[0]!.id) ?? 0);
  }
  return result.filter((operation) => operation !== undefined);
}
