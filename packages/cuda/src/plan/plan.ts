import type { Dimension, OperationOf, Program, Tensor } from "@turnwise/graph/executor";
import type {
  DeviceOperation,
  DeviceProgram,
  ProductFactor,
  ProductType,
} from "../program/device-program.ts";
import { lowerProgram } from "../program/lower-program.ts";
import { fuseOperations, type FusionGroup } from "../fusion/fuse-operations.ts";
import { findAddend } from "../program/accumulate-sums.ts";
import type { KernelStep } from "../source/kernel-step.ts";
import { entryBytes } from "../source/kernel-writer.ts";
import { writeKernels } from "../kernels/write-kernels.ts";

/** Matrix product of a plan. */
export interface ProductStep {
  readonly operation: OperationOf<"matmul">;
  readonly factors: readonly [ProductFactor, ProductFactor];
  /** True if both factors are stored in bfloat16. */
  readonly isHalf: boolean;
}

/** Work of one step: the kernels of a group, or a matrix product. */
export interface PlanStep {
  readonly work:
    | { readonly kind: "kernels"; readonly step: KernelStep }
    | { readonly kind: "product"; readonly step: ProductStep };
  /** Values that the step writes to memory. */
  readonly results: readonly Tensor[];
  /** Ids of values that the step reads from memory. */
  readonly reads: readonly number[];
  /** Entries of `reads` that no later step reads. */
  readonly lastReads: readonly number[];
  /**
   * For each result, ids of values whose buffers it may reuse because nothing reads them
   * afterwards.
   */
  readonly reuses: ReadonlyMap<number, readonly number[]>;
  /** Operand that the step updates in place to get its result. */
  readonly updated: number | undefined;
  /** Input whose bfloat16 copy this step computes. The copy can be kept as long as the input. */
  readonly bfloat16CopyOf: number | undefined;
  /** Sizes of all values that the step reads or writes. */
  readonly valueSizes: readonly Dimension[];
}

/** Constant in device memory. */
export interface PlanConstant {
  readonly tensor: Tensor;
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** Program as a sequence of device steps, for any sizes. */
export interface Plan {
  readonly program: DeviceProgram;
  readonly steps: readonly PlanStep[];
  readonly constants: readonly PlanConstant[];
  /** Inputs that steps or outputs read, by name. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Index of the last step that reads each value; the number of steps for outputs. */
  readonly lastStep: ReadonlyMap<number, number>;
  readonly bytes: (tensor: Tensor) => number;
}

function constantData(tensor: Tensor, values: Iterable<number>): PlanConstant["data"] {
  if (tensor.dtype === "float32") return Float32Array.from(values);
  return tensor.dtype === "int32" ? Int32Array.from(values) : Uint8Array.from(values);
}

/**
 * True if a result may reuse the buffer of an operand of the same size, because the operand is read
 * only at the index being computed.
 */
function isInPlace({ anchor, elementwise }: FusionGroup, result: Tensor): boolean {
  if (elementwise.includes(result)) return true;
  const isRow = anchor?.kind === "softmax" || anchor?.kind === "rmsNorm";
  return isRow && anchor.outputs[0] === result;
}

/** Operand that the operation updates in place. */
function findUpdatedOperand(operation: DeviceOperation): Tensor | undefined {
  return operation.kind === "replaceRows" ? operation.inputs[0] : findAddend(operation);
}

/** Plans a program: its kernels and products, and the lifetime of each value. */
export function planProgram(
  source: Program,
  products: ProductType,
  consumed: ReadonlySet<string> = new Set(),
): Plan {
  const program = lowerProgram(source, products, consumed);
  const fused = fuseOperations(program);
  const { groups } = fused;
  const reads = groups.map((group) => fused.reads(group));
  const lastStep = new Map<number, number>();
  reads.forEach((read, i) => {
    for (const id of read.keys()) lastStep.set(id, i);
  });
  for (const { base } of Object.values(program.outputs)) lastStep.set(base.id, groups.length);

  const tensors = new Map<number, Tensor>();
  for (const { outputs } of program.operations) {
    for (const tensor of outputs) tensors.set(tensor.id, tensor);
  }
  const bytes = (tensor: Tensor): number => entryBytes(tensor.dtype, program.isHalf(tensor.id));

  const steps = groups.map((group, i): PlanStep => {
    const { anchor, elementwise } = group;
    const read = reads[i]!;
    const results = [...(anchor?.outputs ?? []), ...elementwise].filter(fused.isMaterialized);
    const lastReads = [...read.keys()].filter((id) => lastStep.get(id) === i);
    const free = lastReads.filter((id) => read.get(id)!.isInPlace);
    const reuses = new Map<number, readonly number[]>();
    for (const result of results) {
      if (!isInPlace(group, result)) continue;
      const fits = free.filter((id) => {
        const tensor = tensors.get(id)!;
        return program.size(tensor) === program.size(result) && bytes(tensor) === bytes(result);
      });
      reuses.set(result.id, fits);
    }
    const changed = anchor && findUpdatedOperand(anchor);
    const table = changed && program.base(changed).id;
    const isApart = anchor?.inputs.every(
      (input) => input === changed || program.base(input).id !== table,
    );
    if (table !== undefined && isApart && lastReads.includes(table)) {
      reuses.set(results[0]!.id, [table]);
    }
    const first = elementwise[0];
    const rounded =
      !anchor && elementwise.length === 1 && first && program.producer(first).kind === "toBfloat16"
        ? program.base(program.producer(first).inputs[0]!)
        : undefined;
    const isBfloat16Copy = rounded && program.producer(rounded).kind === "input";
    return {
      work:
        anchor?.kind === "matmul"
          ? { kind: "product", step: createProductStep(program, anchor) }
          : {
              kind: "kernels",
              step: writeKernels(program, fused, group, new Set([...reuses.values()].flat())),
            },
      results,
      reads: [...read.keys()],
      lastReads,
      reuses,
      updated: table,
      bfloat16CopyOf: isBfloat16Copy ? rounded.id : undefined,
      valueSizes: [
        ...new Set([
          ...[...read.keys()].map((id) => program.size(tensors.get(id)!)),
          ...[...(anchor?.outputs ?? []), ...elementwise].map(program.size),
        ]),
      ],
    };
  });

  const constants = program.operations.flatMap((operation) => {
    const tensor = operation.outputs[0]!;
    if (operation.kind !== "constant" || !lastStep.has(tensor.id)) return [];
    return [{ tensor, data: constantData(tensor, operation.attributes.values) }];
  });
  return {
    program,
    steps,
    constants,
    inputs: Object.fromEntries(
      Object.entries(program.inputs).filter(([, { id }]) => lastStep.has(id)),
    ),
    lastStep,
    bytes,
  };
}

function createProductStep(program: DeviceProgram, operation: OperationOf<"matmul">): ProductStep {
  const factors = program.factors(operation);
  return { operation, factors, isHalf: program.isHalf(factors[0].base.id) };
}
