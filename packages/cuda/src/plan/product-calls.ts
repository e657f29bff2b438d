import type { CudaProduct, ProductPrecision } from "../driver/cuda-device.ts";
import { findAddend } from "../program/accumulate-sums.ts";
import type { Extent } from "../source/kernel-step.ts";
import type { ProductStep } from "./plan.ts";

/**
 * Call of `multiply`; factors and result are byte offsets within their values instead of addresses.
 */
export interface ProductCall {
  /** The product with all addresses 0. */
  readonly product: CudaProduct;
  /** Offset of the left matrix within its value, in bytes. */
  readonly left: number;
  readonly right: number;
  readonly result: number;
}

/** Batch axis: number of products, and the stride of each operand, in entries. */
interface BatchAxis {
  size: number;
  left: number;
  right: number;
  result: number;
}

/** Memory layout of a factor. */
interface Layout {
  readonly transposed: boolean;
  readonly rowStride: number;
}

/**
 * Finds the layout of a matrix from its strides, one of which must be 1 unless its axis has size 1.
 */
function layOut(
  [rows, columns]: readonly [number, number],
  [rowStride, columnStride]: readonly [number, number],
): Layout {
  if (columns === 1 || columnStride === 1) {
    return {
      transposed: false,
      rowStride: rows === 1 ? Math.max(1, columns) : Math.max(rowStride, columns, 1),
    };
  }
  return { transposed: true, rowStride: Math.max(columnStride, rows) };
}

/** Merges axes that are contiguous. */
function joinAxes(axes: readonly BatchAxis[]): BatchAxis[] {
  const joined: BatchAxis[] = [];
  for (const axis of axes) {
    if (axis.size === 1) continue;
    const before = joined.at(-1);
    const follows =
      before &&
      (["left", "right", "result"] as const).every((of) => before[of] === axis[of] * axis.size);
    if (follows) joined[joined.length - 1] = { ...axis, size: axis.size * before.size };
    else joined.push({ ...axis });
  }
  return joined;
}

/** Strides of a factor along all batch axes; 0 for axes along which the factor is broadcast. */
function batchStrides(
  shape: readonly number[],
  strides: readonly number[],
  rank: number,
): number[] {
  const skipped = rank - (shape.length - 2);
  return Array.from({ length: rank }, (_, axis) => {
    const own = axis - skipped;
    return own < 0 || shape[own] === 1 ? 0 : strides[own]!;
  });
}

/** Computes the calls of a product for given sizes. */
export function productCalls(
  { operation, factors, isHalf }: ProductStep,
  { size }: Extent,
  precision: ProductPrecision,
): ProductCall[] {
  const { transposeA, transposeB, scale } = operation.attributes;
  const shape = operation.outputs[0]!.shape.map(size);
  const [left, right] = factors.map((factor) => ({
    shape: factor.shape.map(size),
    strides: factor.strides.map(size),
    offset: size(factor.offset),
  }));
  const pair = (list: readonly number[], isSwapped: boolean): [number, number] =>
    isSwapped ? [list.at(-1)!, list.at(-2)!] : [list.at(-2)!, list.at(-1)!];
  const [m0, k] = pair(left!.shape, transposeA);
  let m = m0;
  const n = shape.at(-1)!;
  if (shape.includes(0)) return [];
  const leftLayout = layOut([m, k], pair(left!.strides, transposeA));
  const rightLayout = layOut([k, n], pair(right!.strides, transposeB));

  const rank = shape.length - 2;
  const leftStrides = batchStrides(left!.shape, left!.strides, rank);
  const rightStrides = batchStrides(right!.shape, right!.strides, rank);
  let stride = m * n;
  const axes: BatchAxis[] = [];
  for (let axis = rank - 1; axis >= 0; axis--) {
    const own = { left: leftStrides[axis]!, right: rightStrides[axis]! };
    axes.unshift({ size: shape[axis]!, ...own, result: stride });
    stride *= shape[axis]!;
  }
  const joined = joinAxes(axes);
  // If matrices share the right factor and their rows are contiguous, compute them as one product.
  for (let last = joined.at(-1); last; last = joined.at(-1)) {
    const isOne =
      last.right === 0 && !leftLayout.transposed && last.left === m * leftLayout.rowStride;
    if (!isOne) break;
    m *= last.size;
    joined.pop();
  }

  const largest = joined.reduce<BatchAxis | undefined>(
    (most, axis) => (!most || axis.size > most.size ? axis : most),
    undefined,
  );
  const others = joined.filter((axis) => axis !== largest);
  let starts = [{ left: left!.offset, right: right!.offset, result: 0 }];
  for (const axis of others) {
    starts = starts.flatMap((start) =>
      Array.from({ length: axis.size }, (_, i) => ({
        left: start.left + i * axis.left,
        right: start.right + i * axis.right,
        result: start.result + i * axis.result,
      })),
    );
  }
  const type = isHalf ? "bfloat16" : "float32";
  const bytes = isHalf ? 2 : 4;
  const product: CudaProduct = {
    m,
    n,
    k,
    left: { address: 0, type, ...leftLayout, batchStride: largest?.left ?? 0 },
    right: { address: 0, type, ...rightLayout, batchStride: largest?.right ?? 0 },
    result: { address: 0, type: "float32", rowStride: n, batchStride: largest?.result ?? 0 },
    alpha: scale,
    beta: findAddend(operation) ? 1 : 0,
    batches: largest?.size ?? 1,
    precision,
  };
  return starts.map((start) => ({
    product,
    left: bytes * start.left,
    right: bytes * start.right,
    result: 4 * start.result,
  }));
}
