import { multiplyDimensions } from "../dimension.ts";
import { shapeSize } from "../tensor.ts";
import type { LoweringRule } from "./lowering.ts";
import { elementTypes } from "./model.ts";

/** Rules that replace the CPU's fused operators by operators that every provider has. */

/** Lowers `log(softmax(x))` along the last axis; subtracts the maximum first. */
export const plainLogSoftmax: LoweringRule<"logSoftmax"> = (lowering, _, [x]) => {
  const last = lowering.list([-1]);
  const high = lowering.node("ReduceMax", [x!, last], { keepdims: 1 });
  const shifted = lowering.node("Sub", [x!, high]);
  const total = lowering.node("ReduceSum", [lowering.node("Exp", [shifted]), last], {
    keepdims: 1,
  });
  return [lowering.node("Sub", [shifted, lowering.node("Log", [total])])];
};

/** Lowers RMSNorm with a separate root mean square, so that its inverse is available. */
export const plainRmsNorm: LoweringRule<"rmsNorm"> = (
  lowering,
  { attributes: { epsilon } },
  [x, weight],
) => {
  const squares = lowering.node("Mul", [x!, x!]);
  const mean = lowering.node("ReduceMean", [squares, lowering.list([-1])], { keepdims: 1 });
  const floor = lowering.model.constant("float32", [], [epsilon]);
  const root = lowering.node("Sqrt", [lowering.node("Add", [mean, floor])]);
  const scale = lowering.node("Reciprocal", [root]);
  return [lowering.node("Mul", [lowering.node("Mul", [x!, scale]), weight!]), scale];
};

/** Lowers a product without `FusedMatMul`: swaps axes first, and scales the product last. */
export const plainMatmul: LoweringRule<"matmul"> = (
  lowering,
  { inputs: [a, b], attributes: { transposeA, transposeB, scale } },
  names,
) => {
  if (a!.shape.length === 2 && b!.shape.length === 2) {
    const [transA, transB] = [Number(transposeA), Number(transposeB)];
    return [lowering.node("Gemm", names, { transA, transB, alpha: { float: scale } })];
  }
  const swapAxes = (name: string, rank: number, isSwapped: boolean): string => {
    if (!isSwapped) return name;
    const axes = Array.from({ length: rank }, (_, axis) => axis);
    return lowering.node("Transpose", [name], { perm: [...axes.slice(0, -2), rank - 1, rank - 2] });
  };
  const product = lowering.node("MatMul", [
    swapAxes(names[0]!, a!.shape.length, transposeA),
    swapAxes(names[1]!, b!.shape.length, transposeB),
  ]);
  if (scale === 1) return [product];
  return [lowering.node("Mul", [product, lowering.model.constant("float32", [], [scale])])];
};

/**
 * Lowers a slice of integers or booleans to a gather of rows, for providers that can slice only
 * floats.
 */
export const sliceByGather: LoweringRule<"slice"> = (
  lowering,
  { attributes: { axis, start, end } },
  [x],
) => [lowering.node("Gather", [x!, lowering.range(start, end)], { axis })];

/** Lowers takeAlong to a gather of rows from one flattened list. */
export const takeAlongByGather: LoweringRule<"takeAlong"> = (
  lowering,
  { inputs: [x, ids], outputs: [y] },
  [value, indices],
) => {
  const rows = shapeSize(x!.shape.slice(0, -1));
  const size = x!.shape.at(-1)!;
  const table = [rows, ids!.shape.at(-1)!];
  const list = lowering.reshape(value!, x!.shape, [multiplyDimensions(rows, size)]);
  const starts = lowering.node("Mul", [lowering.range(0, rows), lowering.scalar(size)]);
  const places = lowering.node("Add", [
    lowering.reshape(indices!, ids!.shape, table),
    lowering.reshape(starts, [rows], [rows, 1]),
  ]);
  const taken = lowering.node("Gather", [list, places], { axis: 0 });
  return [lowering.reshape(taken, table, y!.shape)];
};

/** Lowers an operation that moves booleans by converting them to integers first. */
export function moveAsIntegers<K extends "transpose" | "concat">(
  rule: LoweringRule<K>,
): LoweringRule<K> {
  return (lowering, operation, names) => {
    if (operation.outputs[0]!.dtype !== "bool") return rule(lowering, operation, names);
    const whole = names.map((name) => lowering.node("Cast", [name], { to: elementTypes.int32 }));
    const [moved] = rule(lowering, operation, whole);
    return [lowering.node("Cast", [moved!], { to: elementTypes.bool })];
  };
}
