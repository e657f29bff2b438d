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

/** Operations that exist only in device programs. */
interface DeviceOperations {
  /** Rounding to bfloat16; only products read the result. */
  readonly toBfloat16: None;
  /** Maximum of each row, and logarithm of its sum of `exp(x - maximum)`; both `[..., 1]`. */
  readonly softmaxStatistics: None;
}

/** Kind of an operation in a device program. */
export type DeviceKind = Operation["kind"] | keyof DeviceOperations;

/** Kinds of operations that have a kernel of their own. */
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
 * Kinds of elementwise operations, which are fused into their readers: all kinds except kernel
 * operations, products (which run in cuBLAS) and operations that lowering replaces.
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

/** Factor of a product: one matrix or a batch of matrices, as a view of a value in memory. */
export type ProductFactor = StridedView;

/**
 * Program in operations that the device has kernels for, with derived information about its values.
 */
export interface DeviceProgram {
  readonly operations: readonly DeviceOperation[];
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** Outputs by name; if an output is the result of a reshape, `base` is the value before it. */
  readonly outputs: Readonly<Record<string, { readonly base: Tensor; readonly shape: Shape }>>;
  /** Operation that produces a value. */
  readonly producer: (tensor: Tensor) => DeviceOperation;
  readonly order: (operation: DeviceOperation) => number;
  /** Value before the reshapes that produced a value; the value itself if no reshape produced it. */
  readonly base: (tensor: Tensor) => Tensor;
  /** Number of entries of a value. */
  readonly size: (tensor: Tensor) => Dimension;
  /** True if a value is stored in bfloat16. */
  readonly isHalf: (id: number) => boolean;
  /** The two factors of a product. A third input is an addend, as in `scatterAdd`. */
  readonly factors: (product: OperationOf<"matmul">) => readonly [ProductFactor, ProductFactor];
}
