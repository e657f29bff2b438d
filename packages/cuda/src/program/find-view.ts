import {
  addDimensions,
  multiplyDimensions,
  shapeSize,
  type Dimension,
  type Shape,
  type Tensor,
} from "@turnwise/graph/executor";
import type { DeviceOperation, StridedView } from "./device-program.ts";
import { matchAxes } from "./match-axes.ts";

function contiguous(shape: Shape): Dimension[] {
  return shape.map((_, axis) => shapeSize(shape.slice(axis + 1)));
}

function whole(base: Tensor): StridedView {
  return { base, shape: base.shape, offset: 0, strides: contiguous(base.shape) };
}

/** Reshapes a view; `undefined` if strides cannot express the result. */
function reshapeView(view: StridedView, shape: Shape): StridedView | undefined {
  const strides: Dimension[] = [];
  for (const { from, to } of matchAxes(view.shape, shape)) {
    // The range of axes is contiguous only if the stride of each axis equals size times stride of
    // the next.
    for (let axis = from.start; axis + 1 < from.end; axis++) {
      const next = multiplyDimensions(view.strides[axis + 1]!, view.shape[axis + 1]!);
      if (view.strides[axis] !== next) return undefined;
    }
    const last = from.end > from.start ? view.strides[from.end - 1]! : 1;
    const inner = contiguous(shape.slice(to.start, to.end));
    strides.push(...inner.map((stride) => multiplyDimensions(stride, last)));
  }
  return { ...view, shape, strides };
}

/** View of a whole value; if the value is the result of reshapes, of the value before them. */
function viewItself(producer: (tensor: Tensor) => DeviceOperation, tensor: Tensor): StridedView {
  const operation = producer(tensor);
  if (operation.kind !== "reshape") return whole(tensor);
  const { base } = viewItself(producer, operation.inputs[0]!);
  return { ...whole(tensor), base };
}

function follow(producer: (tensor: Tensor) => DeviceOperation, tensor: Tensor): StridedView {
  const operation = producer(tensor);
  const { shape } = tensor;
  switch (operation.kind) {
    case "reshape": {
      const view = follow(producer, operation.inputs[0]!);
      return reshapeView(view, shape) ?? viewItself(producer, tensor);
    }
    case "transpose": {
      const view = follow(producer, operation.inputs[0]!);
      const { permutation } = operation.attributes;
      return { ...view, shape, strides: permutation.map((axis) => view.strides[axis]!) };
    }
    case "slice": {
      const view = follow(producer, operation.inputs[0]!);
      const { axis, start } = operation.attributes;
      const moved = multiplyDimensions(start, view.strides[axis]!);
      return { ...view, shape, offset: addDimensions(view.offset, moved) };
    }
    default:
      return whole(tensor);
  }
}

/** True if a product can read these matrices without a copy. */
function isReadable({ strides }: StridedView): boolean {
  return strides.at(-1) === 1 || strides.at(-2) === 1;
}

/**
 * Expresses a factor as a strided view of the value from which slices, transposes and reshapes
 * derived it. If strides cannot express that, returns a view of the factor itself.
 */
export function findView(
  producer: (tensor: Tensor) => DeviceOperation,
  tensor: Tensor,
): StridedView {
  const view = follow(producer, tensor);
  return isReadable(view) ? view : viewItself(producer, tensor);
}
