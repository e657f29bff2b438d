import { shapeSize, type Dimension, type Shape } from "@turnwise/graph/executor";
import type { KernelWriter } from "./kernel-writer.ts";
import { matchAxes } from "../program/match-axes.ts";

/** Index of an entry, as expressions. */
export interface Place {
  readonly shape: Shape;
  /** Row-major flat index over axes `start` to `end - 1` alone. */
  range(start: number, end: number): string;
}

/** Flat index of an entry. */
export function linear(place: Place): string {
  return place.range(0, place.shape.length);
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

/** Index of the entry at a flat index. */
export function placeAt(writer: KernelWriter, shape: Shape, index: string): Place {
  return {
    shape,
    range: (start, end) => {
      const size = product(shape, start, end);
      if (size === 1 || index === "0") return "0";
      const behind = product(shape, end, shape.length);
      const quotient = writer.quotient(index, behind);
      return product(shape, 0, start) === 1 ? quotient : writer.remainder(quotient, size);
    },
  };
}

/** Some axes of an index. */
export interface PlacePart {
  readonly length: number;
  /** Like that of an index, but counted from the part's first axis. */
  range(start: number, end: number): string;
}

/** Joins parts from several sources into an index. */
export function joinParts(writer: KernelWriter, shape: Shape, parts: readonly PlacePart[]): Place {
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

/** Axes `start` to `end - 1` of an index. */
export function partOf(place: Place, start: number, end: number): PlacePart {
  return { length: end - start, range: (from, to) => place.range(start + from, start + to) };
}

/** One axis with a given index. */
export function axisAt(index: string): PlacePart {
  return { length: 1, range: () => index };
}

/** Axes whose index is 0. */
function zeroAxes(length: number): PlacePart {
  return { length, range: () => "0" };
}

/** Index of the same entry in another shape. */
export function reshapePlace(writer: KernelWriter, place: Place, shape: Shape): Place {
  const parts = matchAxes(place.shape, shape).map(({ from, to }): PlacePart => {
    const length = to.end - to.start;
    if (length === 0 || from.start === from.end) return zeroAxes(length);
    if (length === 1) return axisOf(() => place.range(from.start, from.end));
    const inner = shape.slice(to.start, to.end);
    return {
      length,
      range: (start, end) =>
        placeAt(writer, inner, place.range(from.start, from.end)).range(start, end),
    };
  });
  const joined = joinParts(writer, shape, parts);
  const rank = shape.length;
  return {
    shape,
    // The flat index over all axes does not change.
    range: (start, end) => (start === 0 && end === rank ? linear(place) : joined.range(start, end)),
  };
}

function axisOf(index: () => string): PlacePart {
  return { length: 1, range: index };
}

/** Index in a smaller value that is broadcast. */
export function broadcastPlace(writer: KernelWriter, place: Place, shape: Shape): Place {
  const skipped = place.shape.length - shape.length;
  const isShared = (axis: number): boolean => shape[axis] === place.shape[axis + skipped];
  if (shapeSize(shape) === shapeSize(place.shape)) return reshapePlace(writer, place, shape);
  const parts: PlacePart[] = [];
  for (let axis = 0; axis < shape.length;) {
    let end = axis;
    while (end < shape.length && isShared(end) === isShared(axis)) end++;
    parts.push(
      isShared(axis) ? partOf(place, axis + skipped, end + skipped) : zeroAxes(end - axis),
    );
    axis = end;
  }
  return joinParts(writer, shape, parts);
}

/** Index in the operand of a transpose. */
export function permutedPlace(
  writer: KernelWriter,
  place: Place,
  permutation: readonly number[],
): Place {
  const shape: Dimension[] = [];
  permutation.forEach((axis, i) => (shape[axis] = place.shape[i]!));
  const source = shape.map((_, axis) => permutation.indexOf(axis));
  const parts: PlacePart[] = [];
  for (let axis = 0; axis < shape.length;) {
    let end = axis + 1;
    while (end < shape.length && source[end] === source[end - 1]! + 1) end++;
    parts.push(partOf(place, source[axis]!, source[axis]! + end - axis));
    axis = end;
  }
  return joinParts(writer, shape, parts);
}

/** Index with one axis shifted by a number of entries, in a shape with another size there. */
export function shiftedPlace(
  writer: KernelWriter,
  place: Place,
  axis: number,
  { by, size }: { readonly by: string; readonly size: Dimension },
): Place {
  const shape = place.shape.with(axis, size);
  const rank = shape.length;
  const joined = joinParts(writer, shape, [
    partOf(place, 0, axis),
    axisOf(() => writer.index(`${place.range(axis, axis + 1)}${by}`)),
    partOf(place, axis + 1, rank),
  ]);
  // No axes in front: the flat index is shifted as well.
  if (product(shape, 0, axis) !== 1) return joined;
  const entry = product(shape, axis + 1, rank);
  return {
    shape,
    range: (start, end) => {
      if (start > axis || end !== rank) return joined.range(start, end);
      const moved = entry === 1 || by === "" ? by : `${by} * ${writer.size(entry)}`;
      return writer.index(`${place.range(start, end)}${moved}`);
    },
  };
}

/** Index of a column in a row, where rows are along the last axis. */
export function placeInRow(writer: KernelWriter, shape: Shape, row: string, column: string): Place {
  const rows = placeAt(writer, shape.slice(0, -1), row);
  return joinParts(writer, shape, [partOf(rows, 0, shape.length - 1), axisAt(column)]);
}

/** Index from a flat index over some axes, and a flat index over all others. */
export function placeAcross(
  writer: KernelWriter,
  shape: Shape,
  axes: readonly number[],
  { inner, outer }: { readonly inner: string; readonly outer: string },
): Place {
  const pick = (isInner: boolean): number[] =>
    shape.flatMap((_, axis) => (axes.includes(axis) === isInner ? [axis] : []));
  const [innerAxes, outerAxes] = [pick(true), pick(false)];
  const places = {
    inner: placeAt(
      writer,
      innerAxes.map((axis) => shape[axis]!),
      inner,
    ),
    outer: placeAt(
      writer,
      outerAxes.map((axis) => shape[axis]!),
      outer,
    ),
  };
  const parts: PlacePart[] = [];
  for (let axis = 0; axis < shape.length;) {
    const isInner = axes.includes(axis);
    let end = axis;
    while (end < shape.length && axes.includes(end) === isInner) end++;
    const start = (isInner ? innerAxes : outerAxes).indexOf(axis);
    parts.push(partOf(isInner ? places.inner : places.outer, start, start + end - axis));
    axis = end;
  }
  return joinParts(writer, shape, parts);
}

/** Index in a row of a table, with the remaining axes from another index. */
export function placeOfRow(
  writer: KernelWriter,
  shape: Shape,
  row: string,
  place: Place,
  skipped: number,
): Place {
  return joinParts(writer, shape, [axisAt(row), partOf(place, skipped, place.shape.length)]);
}

/** Index of a value that has only the first axes. */
export function leadingPlace(writer: KernelWriter, place: Place, rank: number): Place {
  return joinParts(writer, place.shape.slice(0, rank), [partOf(place, 0, rank)]);
}
