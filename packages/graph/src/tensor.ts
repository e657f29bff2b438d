import { canonicalDimension, multiplyDimensions, type Dimension } from "./dimension.ts";

/** Data type of a tensor. */
export type DataType = "float32" | "int32" | "bool";

/** Sizes of all axes, outermost first; empty for a scalar. */
export type Shape = readonly Dimension[];

/** Value in a traced program: a handle without entries. */
export interface Tensor {
  /** Unique within its tracer. */
  readonly id: number;
  readonly dtype: DataType;
  readonly shape: Shape;
}

/** Formats a shape for messages: `[batch, 4]`. */
export function showShape(shape: Shape): string {
  return `[${shape.join(", ")}]`;
}

/** Converts all sizes of a shape to canonical spelling. */
export function canonicalShape(shape: Shape): Shape {
  return shape.map(canonicalDimension);
}

/** Number of entries of a tensor with a given shape. */
export function shapeSize(shape: Shape): Dimension {
  return multiplyDimensions(...shape);
}

/** True if two shapes are equal for all values of their named sizes. */
export function equalShapes(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/**
 * Shape to which two tensors broadcast: aligned at the last axis, with sizes that are equal or 1.
 * @throws `RangeError` if the sizes of an axis differ and neither is 1.
 */
export function broadcastShapes(where: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new RangeError(
        `${where}: shapes must broadcast, got ${showShape(a)} and ${showShape(b)}`,
      );
    }
    return left === 1 ? right : left;
  });
}

/**
 * Converts an axis of a shape to its index from the front.
 * @throws `RangeError` unless the axis is an integer in `[-rank, rank)`.
 */
export function checkAxis(where: string, axis: number, shape: Shape): number {
  const rank = shape.length;
  if (rank === 0) {
    throw new RangeError(`${where}: shape must have 1 axis or more, got []`);
  }
  if (!Number.isSafeInteger(axis) || axis < -rank || axis >= rank) {
    throw new RangeError(
      `${where}: axis must be a whole number in [${-rank}, ${rank - 1}] for shape ${showShape(shape)}, got ${axis}`,
    );
  }
  return axis < 0 ? axis + rank : axis;
}
