import type { Tensor } from "@turnwise/graph/executor";
import type { DeviceOperation, DeviceProgram } from "../program/device-program.ts";
import { findRepeatedConstant } from "../program/find-repeated-constant.ts";
import { isElementwise } from "../source/entry-reader.ts";
import { findAddend } from "../program/accumulate-sums.ts";

/** Cost of computing an entry at the place where it is read. */
interface Cost {
  /** Number of loads from values at least as large as the result. */
  readonly loads: number;
  /** Number of operations and loads, counted once per use. */
  readonly operations: number;
}

/** Maximum cost of a value that several readers compute separately. */
const maxSharedOperations = 12;
/** Maximum cost of a value that is recomputed for many entries. */
const maxRepeatedOperations = 10;
/** Maximum cost of any value that is not stored in memory. */
const maxKernelOperations = 40;
/**
 * If a later use is more than this many operations away, store the value instead of keeping its
 * inputs alive.
 */
const maxDistance = 200;

/**
 * Lists the values that an operation reads from memory: its inputs, or, for a product, the values
 * that its factors are views of.
 */
export function findSources(program: DeviceProgram, operation: DeviceOperation): readonly Tensor[] {
  if (operation.kind === "matmul") {
    const addend = findAddend(operation);
    return [
      ...program.factors(operation).map(({ base }) => base),
      ...(addend ? [program.base(addend)] : []),
    ];
  }
  return operation.inputs.map(program.base);
}

/** Lists the operations that an output needs, except views that products read directly. */
export function findLiveOperations(program: DeviceProgram): readonly DeviceOperation[] {
  const live = new Set<number>();
  for (const { base } of Object.values(program.outputs)) live.add(base.id);
  return program.operations
    .toReversed()
    .filter((operation) => {
      if (operation.kind === "reshape") return false;
      if (!operation.outputs.some(({ id }) => live.has(id))) return false;
      for (const { id } of findSources(program, operation)) live.add(id);
      return true;
    })
    .reverse();
}

/** True if an operation reads the same source entry for several of its own entries. */
function rereadsEntries(
  program: DeviceProgram,
  operation: DeviceOperation,
  source: Tensor,
): boolean {
  if (!isElementwise(operation)) return false;
  const { kind, inputs, outputs } = operation;
  if (kind === "rope" || kind === "gather" || kind === "takeAlong") return true;
  if (kind === "concat" || kind === "slice") return false;
  return inputs.some(
    (input) => program.base(input) === source && program.size(input) !== program.size(outputs[0]!),
  );
}

/** True if a value is computed elementwise from another value. */
function dependsElementwise(program: DeviceProgram, tensor: Tensor, source: Tensor): boolean {
  const seen = new Set<Tensor>();
  const visit = (each: Tensor): boolean => {
    if (each === source) return true;
    if (seen.has(each)) return false;
    seen.add(each);
    const operation = program.producer(each);
    return isElementwise(operation) && operation.inputs.some(visit);
  };
  return visit(tensor);
}

/** True if an operation must read a source from memory. */
function needsMaterialized(
  operation: DeviceOperation,
  source: Tensor,
  program: DeviceProgram,
): boolean {
  const { kind, inputs } = operation;
  if (kind === "matmul") return true;
  if (kind === "scatterAdd" || kind === "scatterAddAlong") {
    return inputs.slice(1).some((input) => program.base(input) === source);
  }
  if (kind !== "replaceRows") return false;
  // Updates in place: all other reads of the table must come first.
  const table = program.base(inputs[0]!);
  return table === source || dependsElementwise(program, source, table);
}

/**
 * Decides which values are stored in memory. All others are computed where they are read, which
 * saves memory traffic.
 */
export function chooseMaterialized(
  program: DeviceProgram,
  live: readonly DeviceOperation[],
): ReadonlySet<number> {
  const users = new Map<number, Set<DeviceOperation>>();
  for (const operation of live) {
    for (const { id } of findSources(program, operation)) {
      const known = users.get(id) ?? new Set();
      users.set(id, known.add(operation));
    }
  }
  const outputs = new Set(Object.values(program.outputs).map(({ base }) => base.id));
  const materialized = new Set<number>();
  const costs = new Map<number, Cost>();

  /** Cost that reading an operand adds to an operation. */
  const operandCost = (operand: Tensor, result: Tensor): Cost => {
    const source = program.base(operand);
    const isSmaller = program.size(operand) !== program.size(result);
    if (materialized.has(source.id)) return { loads: isSmaller ? 0 : 1, operations: 1 };
    const { loads, operations } = costs.get(source.id)!;
    return { loads: isSmaller ? 0 : loads, operations };
  };
  const operationCost = (operation: DeviceOperation): Cost => {
    const result = operation.outputs[0]!;
    const { kind, inputs } = operation;
    const parts = inputs.map((input) => operandCost(input, result));
    const sum = (pick: (part: Cost) => number): number =>
      parts.reduce((total, part) => total + pick(part), 0);
    const operations = 1 + sum((part) => part.operations);
    if (kind === "concat") {
      return { loads: 1, operations };
    }
    // These operations read their first operand once per entry, whatever its size.
    if (kind === "slice" || kind === "gather" || kind === "takeAlong") {
      const rest = sum((part) => part.loads) - parts[0]!.loads;
      return { loads: 1 + rest, operations };
    }
    if (kind === "rope") return { loads: 2, operations: 8 + operations + parts[0]!.operations };
    return { loads: sum((part) => part.loads), operations };
  };

  for (const operation of live) {
    const [first] = operation.outputs;
    const isConstant =
      operation.kind === "constant" && findRepeatedConstant(operation) === undefined;
    if (!isElementwise(operation) || isConstant) {
      for (const { id } of operation.outputs) materialized.add(id);
      continue;
    }
    const { id } = first!;
    const own = users.get(id) ?? new Set<DeviceOperation>();
    const cost = operationCost(operation);
    costs.set(id, cost);
    const isShared = own.size > 1 && (cost.loads > 1 || cost.operations > maxSharedOperations);
    const isRepeated =
      cost.operations > maxRepeatedOperations &&
      [...own].some((user) => rereadsEntries(program, user, first!));
    const isLate =
      cost.loads > 1 &&
      [...own].some((user) => program.order(user) - program.order(operation) > maxDistance);
    // The table of a gather is large; do not keep it alive for a later recomputation.
    const isTaken =
      operation.kind === "takeAlong" &&
      program.producer(program.base(operation.inputs[0]!)).kind !== "input";
    if (
      isTaken ||
      outputs.has(id) ||
      operation.kind === "toBfloat16" ||
      cost.operations > maxKernelOperations ||
      isShared ||
      isRepeated ||
      isLate ||
      [...own].some((user) => needsMaterialized(user, first!, program))
    ) {
      materialized.add(id);
    }
  }
  return materialized;
}
