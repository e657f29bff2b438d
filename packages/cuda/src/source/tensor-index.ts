import { shapeSize, type Dimension, type Shape } from "@turnwise/graph/executor";
import type { KernelWriter } from "./kernel-writer.ts";
import { matchAxes } from "../program/match-axes.ts";

/** Index of an entry, as source text. */
export interface TensorIndex {
  readonly shape: Shape;
  /** Row-major flat index over axes `start` to `end - 1` only. */
  range(start: number, end: number): string;
}

/** Flat index of an entry. */
export function flatten(source: TensorIndex): string {
  return source.range(0, source.shape.length);
}

function product(shape: Shape, start: number, end: number): Dimension {
  return shapeSize(shape.slice(start, end));
}

/** `a * size + b`, simplified. */
function combine(writer: KernelWriter, a: string, size: Dimension, b: string): string {
  if (a === "0" || size === 0) return b;
  const scaled = size === 1 ? a : writer.index(`${a} * ${writer.size(size)}`);
  return b === "0" ? scaled : writer.index(`${scaled} + ${b}`);
}

/** Multi-dimensional index of the entry at a flat index. */
export function unflatten(writer: KernelWriter, shape: Shape, index: string): TensorIndex {
  return {
    shape,
    range: (start, end) => {
      const size = product(shape, start, end);
      if (size === 1 || index === "0") return "0";
      const rest = product(shape, end, shape.length);
      const quotient = writer.quotient(index, rest);
      return product(shape, 0, start) === 1 ? quotient : writer.remainder(quotient, size);
    },
  };
}

/** Index over some of the axes. */
export interface IndexPart {
  readonly length: number;
  /** Like `TensorIndex.range`, but axes are counted from the first axis of the part. */
  range(start: number, end: number): string;
}

/** Concatenates parts of an index. */
export function joinIndexParts(
  writer: KernelWriter,
  shape: Shape,
  parts: readonly IndexPart[],
): TensorIndex {
  return {
    shape,
    range: (start, end) => {
      let index = "0";
      let first = 0;
      for (const part of parts) {
        const from = Math.max(start, first);
        const to = Math.min(end, first + part.length);
        if (from < to) {
          const own = part.range(from - first, to - first);
          index = combine(writer, index, product(shape, from, to), own);
        }
        first += part.length;
      }
      return index;
    },
  };
}

/** Part of an index: axes `start` to `end - 1`. */
export function sliceIndex(source: TensorIndex, start: number, end: number): IndexPart {
  return { length: end - start, range: (from, to) => source.range(start + from, start + to) };
}

/** Part with a single axis. */
export function singleAxis(index: string): IndexPart {
  return { length: 1, range: () => index };
}

/** Part whose axes all have index 0. */
function zeroAxes(length: number): IndexPart {
  return { length, range: () => "0" };
}

/** Converts an index to the index of the same entry in another shape. */
export function reshapeIndex(writer: KernelWriter, source: TensorIndex, shape: Shape): TensorIndex {
  const parts = matchAxes(source.shape, shape).map(({ from, to }): IndexPart => {
    const length = to.end - to.start;
    if (length === 0 || from.start === from.end) return zeroAxes(length);
    if (length === 1) return lazyAxis(() => source.range(from.start, from.end));
    const inner = shape.slice(to.start, to.end);
    return {
      length,
      range: (start, end) =>
        unflatten(writer, inner, source.range(from.start, from.end)).range(start, end),
    };
  });
  const joined = joinIndexParts(writer, shape, parts);
  const rank = shape.length;
  return {
    shape,
    // The flat index over all axes is the same in both shapes.
    range: (start, end) =>
      start === 0 && end === rank ? flatten(source) : joined.range(start, end),
  };
}

function lazyAxis(index: () => string): IndexPart {
  return { length: 1, range: index };
}

/** Converts an index to the index in a smaller operand that is broadcast. */
export function broadcastIndex(
  writer: KernelWriter,
  source: TensorIndex,
  shape: Shape,
): TensorIndex {
  const skipped = source.shape.length - shape.length;
  const isShared = (axis: number): boolean => shape[axis] === source.shape[axis + skipped];
  if (shapeSize(shape) === shapeSize(source.shape)) return reshapeIndex(writer, source, shape);
  const parts: IndexPart[] = [];
  for (let axis = 0; axis < shape.length;) {
    let end = axis;
    while (end < shape.length && isShared(end) === isShared(axis)) end++;
    parts.push(
      isShared(axis) ? sliceIndex(source, axis + skipped, end + skipped) : zeroAxes(end - axis),
    );
    axis = end;
  }
  return joinIndexParts(writer, shape, parts);
}

/** Converts an index to the index in the operand of a transpose. */
export function permuteIndex(
  writer: KernelWriter,
  source: TensorIndex,
  permutation: readonly number[],
): TensorIndex {
  const shape: Dimension[] = [];
  permutation.forEach((axis, i) => (shape[axis] = source.shape[i]!));
  const axes = shape.map((_, axis) => permutation.indexOf(axis));
  const parts: IndexPart[] = [];
  for (let axis = 0; axis < shape.length;) {
    let end = axis + 1;
    while (end < shape.length && axes[end] === axes[end - 1]! + 1) end++;
    parts.push(sliceIndex(source, axes[axis]!, axes[axis]! + end - axis));
    axis = end;
  }
  return joinIndexParts(writer, shape, parts);
}

/**
 * Converts an index to an index shifted along one axis, in a shape that may have another size along
 * that axis.
 */
export function shiftIndex(
  writer: KernelWriter,
  source: TensorIndex,
  axis: number,
  { by, size }: { readonly by: string; readonly size: Dimension },
): TensorIndex {
  const shape = source.shape.with(axis, size);
  const rank = shape.length;
  const joined = joinIndexParts(writer, shape, [
    sliceIndex(source, 0, axis),
    lazyAxis(() => writer.index(`${source.range(axis, axis + 1)}${by}`)),
    sliceIndex(source, axis + 1, rank),
  ]);
  // If all axes before it have size 1, the flat index is shifted as well.
  if (product(shape, 0, axis) !== 1) return joined;
  const entry = product(shape, axis + 1, rank);
  return {
    shape,
    range: (start, end) => {
      if (start > axis || end !== rank) return joined.range(start, end);
      const moved = entry === 1 || by === "" ? by : `${by} * ${writer.size(entry)}`;
      return writer.index(`${source.range(start, end)}${moved}`);
    },
  };
}

/** Index of a column in a row; rows are along the last axis. */
export function indexInRow(
  writer: KernelWriter,
  shape: Shape,
  row: string,
  column: string,
): TensorIndex {
  const rows = unflatten(writer, shape.slice(0, -1), row);
  return joinIndexParts(writer, shape, [sliceIndex(rows, 0, shape.length - 1), singleAxis(column)]);
}

/** Combines a flat index over some axes and a flat index over all other axes. */
export function splitIndex(
  writer: KernelWriter,
  shape: Shape,
  axes: readonly number[],
  { inner, outer }: { readonly inner: string; readonly outer: string },
): TensorIndex {
  const pick = (isInner: boolean): number[] =>
    shape.flatMap((_, axis) => (axes.includes(axis) === isInner ? [axis] : []));
  const [innerAxes, outerAxes] = [pick(true), pick(false)];
  const indices = {
    inner: unflatten(
      writer,
      innerAxes.map((axis) => shape[axis]!),
      inner,
    ),
    outer: unflatten(
      writer,
      outerAxes.map((axis) => shape[axis]!),
      outer,
    ),
  };
  const parts: IndexPart[] = [];
  for (let axis = 0; axis < shape.length;) {
    const isInner = axes.includes(axis);
    let end = axis;
    while (end < shape.length && axes.includes(end) === isInner) end++;
    const start = (isInner ? innerAxes : outerAxes).indexOf(axis);
    parts.push(sliceIndex(isInner ? indices.inner : indices.outer, start, start + end - axis));
    axis = end;
  }
  return joinIndexParts(writer, shape, parts);
}

/** Index of an entry in a row of a table; the remaining axes come from another index. */
export function indexOfRow(
  writer: KernelWriter,
  shape: Shape,
  row: string,
  source: TensorIndex,
  skipped: number,
): TensorIndex {
  return joinIndexParts(writer, shape, [
    singleAxis(row),
    sliceIndex(source, skipped, source.shape.length),
  ]);
}

/** Converts an index to the index of a value that has only the first axes. */
export function truncateIndex(
  writer: KernelWriter,
  source: TensorIndex,
  rank: number,
): TensorIndex {
  return joinIndexParts(writer, source.shape.slice(0, rank), [sliceIndex(source, 0, rank)]);
}
