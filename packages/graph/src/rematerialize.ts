import { findMinimumCut } from "./find-minimum-cut.ts";
import type { Operation, OperationOf } from "./operation.ts";
import type { Program } from "./program.ts";
import type { Tensor } from "./tensor.ts";

/** Size assumed for named dimensions when tensors are compared. */
const nominalSize = 64;

/**
 * Maximum number of multiplications per entry of a cheap product: the typical size of an attention
 * head.
 */
const fewMultiplications = 128;

/** Approximate number of entries, for comparisons only. */
function roughSize({ shape }: Tensor): number {
  return shape.reduce<number>(
    (product, size) => product * (typeof size === "number" ? size : nominalSize),
    1,
  );
}

/** True for a batch of small matrix products, such as the scores of attention. */
function isSmallProduct({ inputs: [a], attributes }: OperationOf<"matmul">): boolean {
  const inner = a!.shape.at(attributes.transposeA ? -2 : -1)!;
  return a!.shape.length > 2 && typeof inner === "number" && inner <= fewMultiplications;
}

/** True if an operation takes little more time than reading and writing its tensors. */
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
 * Rematerialization: recomputes in the backward pass whatever needs no matrix product with a
 * weight, and keeps the minimum cut of activations from which the rest can be recomputed. For a
 * gated MLP it keeps the two projections, not their activation and product; for attention, the
 * softmax inputs.
 *
 * Results are bit-identical. Operations of the forward pass come first, then operations that depend
 * on
 * `outputGradients`.
 *
 * @param outputGradients - Outputs at which the backward pass starts: gradients of the loss with
 *   respect to outputs of the forward pass.
 * @throws `RangeError` if an entry of `outputGradients` is not an output.
 */
export function rematerialize<Output extends string>(
  program: Program<Output>,
  outputGradients: readonly Output[],
): Program<Output> {
  const startIds = new Set<number>();
  for (const name of outputGradients) {
    const tensor: Tensor | undefined = program.outputs[name];
    if (!tensor)
      throw new RangeError(`rematerialize: outputGradients must name outputs, got ${name}`);
    startIds.add(tensor.id);
  }
  const dependent = new Set(startIds);
  const forward: Operation[] = [];
  const backward: Operation[] = [];
  const producers = new Map<number, Operation>();
  for (const operation of program.operations) {
    if (operation.inputs.some(({ id }) => dependent.has(id))) {
      for (const { id } of operation.outputs) dependent.add(id);
      backward.push(operation);
      continue;
    }
    forward.push(operation);
    // Operations without inputs, and the gradients at which the backward pass starts, are always
    // available.
    if (operation.inputs.length === 0) continue;
    for (const { id } of operation.outputs) if (!startIds.has(id)) producers.set(id, operation);
  }
  const wanted = new Map<number, Tensor>();
  for (const input of backward.flatMap(({ inputs }) => inputs)) {
    if (producers.has(input.id)) wanted.set(input.id, input);
  }
  const kept = findKept([...wanted.values()], producers);

  const copies = new RecomputedOperations(program, producers, kept);
  const rewritten = backward.map((operation) => ({
    ...operation,
    inputs: operation.inputs.map((x) => copies.get(x)),
  }));
  return dropUnused({ ...program, operations: [...forward, ...copies.operations, ...rewritten] });
}

/**
 * Finds the smallest set of tensors from which all tensors in `wanted` can be recomputed cheaply.
 */
function findKept(
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
  return findMinimumCut({ capacities, edges, sources, sinks: wanted.map(({ id }) => id) });
}

/** Recomputed operations; each is added on first use. */
class RecomputedOperations {
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

  /** Returns the tensor itself if it is kept or always available, otherwise its recomputed copy. */
  get(tensor: Tensor): Tensor {
    const producer = this.#producers.get(tensor.id);
    if (!producer || this.#kept.has(tensor.id)) return tensor;
    const known = this.#known.get(tensor.id);
    if (known) return known;
    const inputs = producer.inputs.map((input) => this.get(input));
    const outputs = producer.outputs.map((output) => ({ ...output, id: this.#nextId++ }));
    this.operations.push({ ...producer, inputs, outputs });
    producer.outputs.forEach(({ id }, i) => this.#known.set(id, outputs[i]!));
    return this.#known.get(tensor.id)!;
  }
}

function dropUnused<Output extends string>(program: Program<Output>): Program<Output> {
  const needed = new Set(Object.values<Tensor>(program.outputs).map(({ id }) => id));
  const operations = program.operations.toReversed().filter(({ kind, inputs, outputs }) => {
    if (kind !== "input" && !outputs.some(({ id }) => needed.has(id))) return false;
    for (const { id } of inputs) needed.add(id);
    return true;
  });
  return { ...program, operations: operations.reverse() };
}
