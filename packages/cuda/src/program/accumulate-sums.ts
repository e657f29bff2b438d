import type { Dimension, Tensor } from "@turnwise/graph/executor";
import type { DeviceOperation, ProductFactor } from "./device-program.ts";

/** Program under construction. */
interface ProgramDraft {
  /** Inputs whose memory the run may reuse. */
  readonly consumed: ReadonlySet<number>;
  readonly operations: readonly DeviceOperation[];
  readonly outputs: readonly Tensor[];
  /** Operation that produces each value; updated when an operation is replaced. */
  readonly producers: Map<number, DeviceOperation>;
  readonly factors: Map<DeviceOperation, readonly [ProductFactor, ProductFactor]>;
  readonly base: (tensor: Tensor) => Tensor;
  readonly size: (tensor: Tensor) => Dimension;
}

/** Returns the third input of a product or a scatter, to which the result is added in place. */
export function findAddend({ kind, inputs }: DeviceOperation): Tensor | undefined {
  return kind === "matmul" || kind === "scatterAdd" ? inputs[2] : undefined;
}

/**
 * Lets products and scatters accumulate into the other operand of an addition, if nothing else
 * reads that operand. Gradients with several contributions then need no extra memory and no
 * separate additions.
 */
export function accumulateSums(written: ProgramDraft): readonly DeviceOperation[] {
  const { operations, outputs, consumed, producers, factors, base, size } = written;
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

  const result: DeviceOperation[] = [];
  const positions = new Map<DeviceOperation, number>();
  const push = (operation: DeviceOperation): void => {
    positions.set(operation, result.length);
    result.push(operation);
    for (const { id } of operation.outputs) producers.set(id, operation);
  };
  const isSingle = ({ id }: Tensor): boolean => numUses.get(id) === 1;
  const isPart = (tensor: Tensor): boolean => {
    const { kind } = producers.get(tensor.id)!;
    return (kind === "matmul" || kind === "scatterAdd") && isSingle(tensor);
  };
  /** Adds the addend as an input of an operation. */
  const addInput = (step: DeviceOperation, addend: Tensor): DeviceOperation => {
    // Sound because `step` is a product or a scatter.
    const longer = { ...step, inputs: [...step.inputs, addend] } as DeviceOperation;
    const own = factors.get(step);
    if (own) factors.set(longer, own);
    return longer;
  };
  /**
   * Replaces an operation by another at the same position, where all inputs of the new operation are
   * available.
   */
  const replace = (step: DeviceOperation, by: DeviceOperation): void => {
    const position = positions.get(step)!;
    result[position] = by;
    positions.set(by, position);
    for (const { id } of by.outputs) producers.set(id, by);
  };
  const pushAlias = (tensor: Tensor, sum: DeviceOperation): void => {
    const { shape } = sum.outputs[0]!;
    push({ kind: "reshape", attributes: { shape }, inputs: [tensor], outputs: sum.outputs });
    // Readers of the sum now read the operation's result.
    numUses.set(tensor.id, numUses.get(sum.outputs[0]!.id) ?? 0);
  };
  for (const operation of operations) {
    const [x, y] = operation.inputs;
    if (operation.kind !== "add" || size(x!) !== size(y!)) {
      push(operation);
      continue;
    }
    const parts = [base(x!), base(y!)];
    const findPosition = ({ id }: Tensor): number => positions.get(producers.get(id)!)!;
    const [early, late] = parts.sort((a, b) => findPosition(a) - findPosition(b));
    const step = producers.get(late!.id)!;
    if (early === late || !isPart(late!)) {
      push(operation);
    } else if (consumed.has(early!.id) && isSingle(early!)) {
      // The addend is available from the start, so the first operation of the chain of additions
      // accumulates into it.
      let first = step;
      for (let next = findAddend(first); next; next = findAddend(first)) {
        if (!isPart(next)) break;
        first = producers.get(next.id)!;
      }
      if (findAddend(first)) {
        push(operation);
        continue;
      }
      replace(first, addInput(first, early!));
      pushAlias(late!, operation);
    } else if (isPart(early!) && !findAddend(step)) {
      replace(step, addInput(step, early!));
      pushAlias(late!, operation);
    } else {
      push(operation);
    }
  }
  return result;
}
