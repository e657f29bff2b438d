import type { Dimension } from "./dimension.ts";
import type { Shape, Tensor } from "./tensor.ts";

/** Attributes of an operation that has none. */
export type None = Readonly<Record<string, never>>;

/** Axes over which to reduce, and whether they are kept with size 1. */
export interface ReduceAttributes {
  readonly axes: readonly number[];
  readonly keepDims: boolean;
}

/** One axis, as a non-negative index. */
export interface AxisAttributes {
  readonly axis: number;
}

/** Entries of a constant, row-major; bool as 0 and 1. */
export type ConstantValues = readonly number[] | Float32Array | Int32Array | Uint8Array;

/**
 * Every operation with its attributes. If you add an operation, the type checker reports every
 * place that must handle it: differentiation, the interpreter, and the executors on ONNX Runtime,
 * TensorFlow.js and CUDA.
 */
export interface Operations {
  readonly input: { readonly name: string };
  readonly constant: { readonly values: ConstantValues };
  /** Value of a size, an int32 scalar. */
  readonly size: { readonly dimension: Dimension };
  /** `0, 1, 2, ...`, int32. */
  readonly iota: None;

  readonly add: None;
  readonly subtract: None;
  readonly multiply: None;
  readonly divide: None;
  readonly minimum: None;
  readonly maximum: None;
  readonly greater: None;
  readonly equal: None;
  readonly and: None;
  readonly not: None;
  readonly where: None;
  readonly cast: None;

  readonly negate: None;
  readonly exp: None;
  readonly log: None;
  readonly sqrt: None;
  readonly reciprocal: None;
  readonly sigmoid: None;
  readonly tanh: None;
  readonly silu: None;

  readonly reduceSum: ReduceAttributes;
  readonly reduceMean: ReduceAttributes;
  readonly reduceMax: ReduceAttributes;

  readonly matmul: {
    readonly transposeA: boolean;
    readonly transposeB: boolean;
    readonly scale: number;
  };
  /** Inputs x `[rows, in]`, weight `[out, in]`, and optionally bias `[out]`. */
  readonly linear: None;

  readonly reshape: { readonly shape: Shape };
  readonly transpose: { readonly permutation: readonly number[] };
  readonly slice: AxisAttributes & { readonly start: Dimension; readonly end: Dimension };
  readonly concat: AxisAttributes;
  readonly expand: { readonly shape: Shape };

  /** Inputs: table `[rows, ...]` and ids. */
  readonly gather: { readonly uniqueIds: boolean };
  /** Inputs updates `[...ids, ...]` and ids. The adjoint of gather. */
  readonly scatterAdd: { readonly rows: Dimension; readonly uniqueIds: boolean };
  /** Inputs table `[rows, ...]`, updates `[...ids, ...]`, unique ids. */
  readonly replaceRows: None;
  /** Inputs x and ids; gathers along the last axis. */
  readonly takeAlong: None;
  /** Inputs updates and ids; scatters along the last axis. The adjoint of takeAlong. */
  readonly scatterAddAlong: { readonly size: Dimension };

  readonly softmax: None;
  readonly logSoftmax: None;
  /** Inputs x `[..., d]`, weight `[d]`; outputs the result and `1 / rms` `[..., 1]`. */
  readonly rmsNorm: { readonly epsilon: number };
  /** Inputs x `[batch, time, heads, 2*half]`, cos and sin `[positions, half]`, ids `[batch, time]`. */
  readonly rope: { readonly inverse: boolean };

  readonly stopGradient: None;
  /**
   * Inputs: the `numOutputs` results, then the tensors that they depend on; see
   * `Tracer.withGradient`.
   */
  readonly withGradient: { readonly numOutputs: number };

  /** Inputs x, and tensors to compute first: a scheduling barrier whose result is x. */
  readonly barrier: None;
}

/** Kind of an operation. */
export type OperationKind = keyof Operations;

/** Operations that only differentiation uses; a finished program has none. */
export type DifferentiationKind = "stopGradient" | "withGradient";

/** Operations that executors must implement. */
export type ExecutableKind = Exclude<OperationKind, "input" | DifferentiationKind>;

type OperationsByKind = {
  readonly [K in OperationKind]: {
    readonly kind: K;
    readonly attributes: Operations[K];
    readonly inputs: readonly Tensor[];
    readonly outputs: readonly Tensor[];
  };
};

/** Operation of a given kind. */
export type OperationOf<K extends OperationKind> = OperationsByKind[K];

/** Operation of a program, as plain data. */
export type Operation = OperationOf<OperationKind>;
