import { minimumCut } from "./minimum-cut.ts";
import type { Operation, OperationOf } from "./operation.ts";
import type { Program } from "./program.ts";
import type { Tensor } from "./tensor.ts";

/** What a named size counts as when tensors are compared. */
const nominalSize = 64;

/** How many multiplications an entry of a small product takes at most: a head's size. */
const fewMultiplications = 128;

/** A rough number of entries: what matters is which tensor is larger. */
function roughSize({ shape }: Tensor): number {
  return shape.reduce<number>(
    (product, size) => product * (typeof size === "number" ? size : nominalSize),
    1,
  );
}

/** Whether a product is one of many small matrices, such as the scores of attention. */
function isSmallProduct({ inputs: [a], attributes }: OperationOf<"matmul">): boolean {
  const inner = a!.shape.at(attributes.transposeA ? -2 : -1)!;
  return a!.shape.length > 2 && typeof inner === "number" && inner <= fewMultiplications;
}

/** Whether a step takes little more time than reading and writing its tensors. */
function isCheap(operation: Operation): boolean {
  switch (operation.kind) {
    case "linear":
    case "scatterAdd":
    case "scatterAddAlong":
      return false;
    case "matmul":
      return isSmallProduct(operation);
    default:
      return true;
  }
}

/**
 * The same program with less to remember: what is computed before some tensors and read behind them is
 * computed once more there, where that takes no product. Of all that could be kept it keeps the
 * smallest set that the rest can be had from. In a step that trains, of a gated unit these are the
 * two projections, not its factors and their product; of attention what its softmax is computed from.
 *
 * Results are the same to the last bit. Steps that do not depend on `turns` stand before those that do.
 *
 * @param turns - Outputs at which the backward pass begins: gradients of the loss by what the
 *   forward pass gave.
 * @throws `RangeError` if one of them is no output.
 */
export function recomputeCheap<Output extends string>(
  program: Program<Output>,
  turns: readonly Output[],
): Program<Output> {
  const turning = new Set<number>();
  for (const name of turns) {
    const tensor: Tensor | undefined = program.outputs[name];
    if (!tensor) throw new RangeError(`recomputeCheap: turns must name outputs, got ${name}`);
    turning.add(tensor.id);
  }
  const dependent = new Set(turning);
  const before: Operation[] = [];
  const behind: Operation[] = [];
  const producers = new Map<number, Operation>();
  for (const operation of program.operations) {
    if (operation.inputs.some(({ id }) => dependent.has(id))) {
      for (const { id } of operation.outputs) dependent.add(id);
      behind.push(operation);
      continue;
    }
    before.push(operation);
    // What needs nothing is there at any time, and so is that which the backward pass begins with.
    if (operation.inputs.length === 0) continue;
    for (const { id } of operation.outputs) if (!turning.has(id)) producers.set(id, operation);
  }
  const wanted = new Map<number, Tensor>();
  for (const input of behind.flatMap(({ inputs }) => inputs)) {
    if (producers.has(input.id)) wanted.set(input.id, input);
  }
  const kept = smallestKept([...wanted.values()], producers);

  const copies = new Copies(program, producers, kept);
  const rewritten = behind.map((operation) => ({
    ...operation,
    inputs: operation.inputs.map((x) => copies.of(x)),
  }));
  return withoutUnused({ ...program, operations: [...before, ...copies.operations, ...rewritten] });
}

/** The ids of the smallest set of tensors that all that are wanted can be had from cheaply. */
function smallestKept(
  wanted: readonly Tensor[],
  producers: ReadonlyMap<number, Operation>,
): ReadonlySet<number> {
  const capacities = new Map<number, number>();
  const edges: (readonly [from: number, to: number])[] = [];
  const sources: number[] = [];
  const reach = [...wanted];
  for (let tensor = reach.pop(); tensor; tensor = reach.pop()) {
    const producer = producers.get(tensor.id);
    if (!producer || capacities.has(tensor.id)) continue;
    capacities.set(tensor.id, roughSize(tensor));
    if (!isCheap(producer)) {
      sources.push(tensor.id);
      continue;
    }
    for (const input of producer.inputs) {
      if (!producers.has(input.id)) continue;
      edges.push([input.id, tensor.id]);
      reach.push(input);
    }
  }
  return minimumCut({ capacities, edges, sources, sinks: wanted.map(({ id }) => id) });
}

/** Steps that are done once more, each when it is first asked for. */
class Copies {
  readonly operations: Operation[] = [];
  readonly #producers: ReadonlyMap<number, Operation>;
  readonly #kept: ReadonlySet<number>;
  readonly #known = new Map<number, Tensor>();
  #nextId: number;

  constructor(
    program: Program,
    producers: ReadonlyMap<number, Operation>,
    kept: ReadonlySet<number>,
  ) {
    this.#producers = producers;
    this.#kept = kept;
    const ids = program.operations.flatMap(({ outputs }) => outputs.map(({ id }) => id));
    this.#nextId = ids.reduce((most, id) => Math.max(most, id), 0) + 1;
  }

  /** The tensor itself if it is kept or needs nothing, else its copy. */
  of(tensor: Tensor): Tensor {
    const producer = this.#producers.get(tensor.id);
    if (!producer || this.#kept.has(tensor.id)) return tensor;
    const known = this.#known.get(tensor.id);
    if (known) return known;
    const inputs = producer.inputs.map((input) => this.of(input));
    const outputs = producer.outputs.map((output) => ({ ...output, id: this.#nextId++ }));
    this.operations.push({ ...producer, inputs, outputs });
    producer.outputs.forEach(({ id }, i) => this.#known.set(id, outputs[i]!));
    return this.#known.get(tensor.id)!;
  }
}

function withoutUnused<Output extends string>(program: Program<Output>): Program<Output> {
  const needed = new Set(Object.values<Tensor>(program.outputs).map(({ id }) => id));
  const operations = program.operations.toReversed().filter(({ kind, inputs, outputs }) => {
    if (kind !== "input" && !outputs.some(({ id }) => needed.has(id))) return false;
    for (const { id } of inputs) needed.add(id);
    return true;
  });
  return { ...program, operations: operations.reverse() };
}
