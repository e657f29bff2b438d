import {
  shapeSize,
  type Dimension,
  type Operation,
  type OperationOf,
  type Program,
  type Shape,
  type Tensor,
} from "@turnwise/graph/executor";
import type {
  DeviceOperation,
  DeviceProgram,
  ProductFactor,
  ProductType,
  StridedView,
} from "./device-program.ts";
import { accumulateSums } from "./accumulate-sums.ts";
import { findView } from "./find-view.ts";

/** Finds the tables that replaceRows updates; they are too large to be rounded in each run. */
function findReplacedTables(program: Program): ReadonlySet<number> {
  const tables = new Set<number>();
  const grow = (operation: Operation): void => {
    if (operation.kind !== "replaceRows") return;
    tables.add(operation.inputs[0]!.id);
    tables.add(operation.outputs[0]!.id);
  };
  for (const operation of program.operations) grow(operation);
  return tables;
}

/** Removes operations that no output needs, and views that products read directly. */
function dropUnused(
  operations: readonly DeviceOperation[],
  outputs: readonly Tensor[],
  factors: ReadonlyMap<DeviceOperation, readonly [ProductFactor, ProductFactor]>,
): readonly DeviceOperation[] {
  const live = new Set(outputs.map(({ id }) => id));
  return operations
    .toReversed()
    .filter((operation) => {
      if (!operation.outputs.some(({ id }) => live.has(id))) return false;
      const read = factors.get(operation)?.map(({ base }) => base) ?? operation.inputs;
      for (const { id } of read) live.add(id);
      return true;
    })
    .toReversed();
}

/**
 * Lowers a program to operations that the device has kernels for: the bias of a product becomes an
 * addition, a log softmax a subtraction of two row statistics, and factors are rounded if products
 * use bfloat16.
 * @param consumed - Inputs whose memory a run may reuse.
 */
export function lowerProgram(
  program: Program,
  products: ProductType,
  consumed: ReadonlySet<string> = new Set(),
): DeviceProgram {
  const operations: DeviceOperation[] = [];
  const producers = new Map<number, DeviceOperation>();
  const rounded = new Map<number, Tensor>();
  const factors = new Map<DeviceOperation, readonly [ProductFactor, ProductFactor]>();
  const tables = findReplacedTables(program);
  let nextId =
    1 +
    Math.max(
      -1,
      ...program.operations.flatMap(({ outputs }) => outputs.map(({ id }) => id)),
      ...Object.values(program.inputs).map(({ id }) => id),
    );
  const fresh = (shape: Shape): Tensor => ({ id: nextId++, dtype: "float32", shape });
  const push = (operation: DeviceOperation): void => {
    operations.push(operation);
    for (const { id } of operation.outputs) producers.set(id, operation);
  };
  const producer = (tensor: Tensor): DeviceOperation => producers.get(tensor.id)!;
  for (const [name, tensor] of Object.entries(program.inputs)) {
    push({ kind: "input", attributes: { name }, inputs: [], outputs: [tensor] });
  }

  const round = (tensor: Tensor): Tensor => {
    const known = rounded.get(tensor.id);
    if (known) return known;
    const result = fresh(tensor.shape);
    rounded.set(tensor.id, result);
    push({ kind: "toBfloat16", attributes: {}, inputs: [tensor], outputs: [result] });
    return result;
  };
  const pushProduct = (operation: OperationOf<"matmul">): void => {
    const [a, b] = operation.inputs.map((tensor) => findView(producer, tensor));
    const isRounded = products === "bfloat16" && ![a!, b!].some(({ base }) => tables.has(base.id));
    const roundView = (view: StridedView): StridedView =>
      isRounded ? { ...view, base: round(view.base) } : view;
    const found = [roundView(a!), roundView(b!)] as const;
    push(operation);
    factors.set(operation, found);
  };

  for (const operation of program.operations) {
    const [x, y, z] = operation.inputs;
    const result = operation.outputs[0]!;
    const { kind } = operation;
    if (kind === "input") continue;
    if (kind === "matmul") {
      pushProduct(operation);
    } else if (kind === "barrier") {
      // Kernels run in order, so a barrier is just a reshape of its operand.
      const { shape } = result;
      push({ kind: "reshape", attributes: { shape }, inputs: [x!], outputs: [result] });
    } else if (kind === "linear") {
      const product = z ? fresh(result.shape) : result;
      pushProduct({
        kind: "matmul",
        attributes: { transposeA: false, transposeB: true, scale: 1 },
        inputs: [x!, y!],
        outputs: [product],
      });
      if (z) push({ kind: "add", attributes: {}, inputs: [product, z], outputs: [result] });
    } else if (kind === "logSoftmax") {
      const row = [...x!.shape.slice(0, -1), 1];
      const [high, total, lowered] = [fresh(row), fresh(row), fresh(x!.shape)];
      push({ kind: "softmaxStatistics", attributes: {}, inputs: [x!], outputs: [high, total] });
      push({ kind: "subtract", attributes: {}, inputs: [x!, high], outputs: [lowered] });
      push({ kind: "subtract", attributes: {}, inputs: [lowered, total], outputs: [result] });
    } else {
      push(operation);
    }
  }

  const base = (tensor: Tensor): Tensor => {
    const { kind, inputs } = producer(tensor);
    return kind === "reshape" ? base(inputs[0]!) : tensor;
  };
  const sizes = new Map<number, Dimension>();
  const halves = new Set([...rounded.values()].map(({ id }) => id));
  const size = ({ id, shape }: Tensor): Dimension => {
    const known = sizes.get(id);
    if (known !== undefined) return known;
    const count = shapeSize(shape);
    sizes.set(id, count);
    return count;
  };
  const joined = accumulateSums({
    operations: dropUnused(operations, Object.values(program.outputs), factors),
    outputs: Object.values(program.outputs),
    consumed: new Set([...consumed].map((name) => program.inputs[name]!.id)),
    producers,
    factors,
    base,
    size,
  });
  const order = new Map(joined.map((operation, i) => [operation, i]));
  return {
    operations: joined,
    inputs: program.inputs,
    outputs: Object.fromEntries(
      Object.entries(program.outputs).map(([name, tensor]) => [
        name,
        { base: base(tensor), shape: tensor.shape },
      ]),
    ),
    producer,
    order: (operation) => order.get(operation)!,
    base,
    size,
    isHalf: (id) => halves.has(id),
    factors: (product) => factors.get(product)!,
  };
}
