import type {
  MarkKind,
  Dimension,
  None,
  Operation,
  OperationOf,
  Shape,
  Tensor,
} from "@turnwise/graph/executor";

/** How factors of matrix products are rounded; see `CudaOptions.products`. */
export type ProductType = "float32" | "tensorfloat32" | "bfloat16";

/** Steps that only device programs have. */
interface DeviceOperations {
  /** Rounds to bfloat16, which only products read. */
  readonly toBfloat16: None;
  /** Of each row: its maximum, and the logarithm of the sum of `exp(x - maximum)`; both `[..., 1]`. */
  readonly softmaxStatistics: None;
}

/** The name of a step of a device program. */
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
 * Operations that are computed entry by entry, fused into whatever reads them: all others, apart from
 * products, which run in cuBLAS, and those that lowering replaces.
 */
export type EntrywiseKind = Exclude<
  DeviceKind,
  KernelKind | MarkKind | "input" | "matmul" | "linear" | "logSoftmax" | "barrier"
>;

/** A step of a device program. */
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

/** Entries of a value that lies in memory, in another order. */
export interface StridedView {
  readonly base: Tensor;
  readonly shape: Shape;
  /** Where the first entry is, in entries of the base. */
  readonly offset: Dimension;
  /** From one entry to the next along each axis; 0 where one repeats. */
  readonly strides: readonly Dimension[];
}

/** A factor of a product: a matrix, or many, inside a value that lies in memory. */
export type ProductFactor = StridedView;

/** A program in the steps that the device has kernels for, with what is known of its values. */
export interface DeviceProgram {
  readonly operations: readonly DeviceOperation[];
  readonly inputs: Readonly<Record<string, Tensor>>;
  /** By name; never the result of a reshape, but what was reshaped. */
  readonly outputs: Readonly<Record<string, { readonly base: Tensor; readonly shape: Shape }>>;
  /** The step that gives a value, and its place in the order. */
  readonly producer: (tensor: Tensor) => DeviceOperation;
  readonly order: (operation: DeviceOperation) => number;
  /** The value whose entries these are, in another shape. */
  readonly base: (tensor: Tensor) => Tensor;
  /** Number of entries. */
  readonly size: (tensor: Tensor) => Dimension;
  /** Whether a value is held in bfloat16. */
  readonly isHalf: (id: number) => boolean;
  /**
   * Both factors of a product. A third input is what the product is added to, as it is of a
   * `scatterAdd`.
   */
  readonly factors: (product: OperationOf<"matmul">) => readonly [ProductFactor, ProductFactor];
}
