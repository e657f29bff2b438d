import type {
  DifferentiationKind,
  Dimension,
  None,
  Operation,
  OperationOf,
  Shape,
  Tensor,
} from "@turnwise/graph/executor";

/** Rounding of factors in matrix products; see `CudaOptions.products`. */
export type ProductType = "float32" | "tensorfloat32" | "bfloat16";

/** Operations that only device programs have. */
interface DeviceOperations {
  /** Rounding to bfloat16, read only by products. */
  readonly toBfloat16: None;
  /** Maximum of each row, and logarithm of its sum of `exp(x - maximum)`; both `[..., 1]`. */
  readonly softmaxStatistics: None;
}

/** Kind of an operation in a device program. */
export type DeviceKind = Operation["kind"] | keyof DeviceOperations;

/** Operations with a kernel of their own. */
export type KernelKind =
  | "rmsNorm"
  | "softmax"
  | "softmaxStatistics"
  | "reduceSum"
  | "reduceMean"
  | "reduceMax"
  | "scatterAdd"
  | "scatterAddAlong"
  | "replaceRows";

/**
 * Elementwise operations, which are fused into their readers: all others, apart from products,
 * which run in cuBLAS, and those that lowering replaces.
 */
export type ElementwiseKind = Exclude<
  DeviceKind,
  KernelKind | DifferentiationKind | "input" | "matmul" | "linear" | "logSoftmax" | "barrier"
>;

/** Operation of a device program. */
export type DeviceOperation =
  | Operation
  | {
      readonly [K in keyof DeviceOperations]: {
        readonly kind: K;
        readonly attributes: DeviceOperations[K];
        readonly inputs: readonly Tensor[];
        readonly outputs: readonly Tensor[];
      };
    }[keyof DeviceOperations];

/** Strided view of a value in memory. */
export interface StridedView {
  readonly base: Tensor;
  readonly shape: Shape;
  /** Offset of the first entry, in entries of the base. */
  readonly offset: Dimension;
  /** Stride of each axis; 0 for broadcast axes. */
  readonly strides: readonly Dimension[];
}

/** Factor of a product: one or many matrices inside a value in memory. */
export type ProductFactor = StridedView;

/** Program in operations that the device has kernels for, with facts about its values. */
export interface DeviceProgram {
  readonly operations: readonly DeviceOperation[];
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** By name; for the result of a reshape, the reshaped value. */
  readonly outputs: Readonly<Record<string, { readonly base: Tensor; readonly shape: Shape }>>;
  /** Operation that produces a value. */
  readonly producer: (tensor: Tensor) => DeviceOperation;
  readonly order: (operation: DeviceOperation) => number;
  /** Value that this one is a reshape of, or itself. */
  readonly base: (tensor: Tensor) => Tensor;
  /** Number of entries. */
  readonly size: (tensor: Tensor) => Dimension;
  /** True if a value is stored in bfloat16. */
  readonly isHalf: (id: number) => boolean;
  /** Both factors of a product. A third input, as of a `scatterAdd`, is the addend. */
  readonly factors: (product: OperationOf<"matmul">) => readonly [ProductFactor, ProductFactor];
}
