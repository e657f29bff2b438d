import type { Operation } from "../operation.ts";
import type { Lowering } from "./lowering.ts";
import { elementTypes } from "./model.ts";
import type { MappedWeight } from "./mapped-weight.ts";

/**
 * Factor of the block size for sums of products, where each block reads and writes the whole
 * result.
 */
const sumScale = 8;

/**
 * Lowers an operation that reads memory-mapped weights, without upcasting a whole weight at once.
 * @param stored - Inputs of the operation that are memory-mapped weights.
 * @param nameOf - Returns the name of a whole input.
 * @returns The name of the output; `undefined` if the operation needs a whole weight.
 */
export function lowerMapped(
  lowering: Lowering,
  operation: Operation,
  stored: readonly (MappedWeight | undefined)[],
  nameOf: (input: number) => string,
): string | undefined {
  const [first, second] = stored;
  if (operation.kind === "gather" && first) {
    const rows = lowering.node("Gather", [first.storedRows(), nameOf(1)], { axis: 0 });
    return lowering.node("Cast", [rows], { to: elementTypes.float32 });
  }
  if (operation.kind === "linear" && second && !first) {
    const bias = operation.inputs.length > 2 ? nameOf(2) : undefined;
    return lowerByColumns(lowering, second, { x: nameOf(0), bias, transA: 0, scale: 1 });
  }
  if (operation.kind === "matmul" && second && !first) {
    const { inputs, attributes } = operation;
    if (inputs.some(({ shape }) => shape.length !== 2)) return undefined;
    const { transposeA, transposeB, scale } = attributes;
    const factor = { x: nameOf(0), transA: Number(transposeA), scale };
    return transposeB
      ? lowerByColumns(lowering, second, factor)
      : lowerBySums(lowering, second, factor);
  }
  return undefined;
}

/** Left factor of a product with a weight: `x` or its transpose. */
interface Factor {
  readonly x: string;
  readonly transA: number;
  readonly scale: number;
}

/** `scale x W^T + bias`: each block of rows of W gives some columns of the result. */
function lowerByColumns(
  lowering: Lowering,
  weight: MappedWeight,
  { x, transA, scale, bias }: Factor & { readonly bias?: string | undefined },
): string {
  const blocks = weight.rowBlocks();
  const biases = bias === undefined ? undefined : split(lowering, bias, blocks, 0);
  const columns = blocks.map((block, i) =>
    lowering.node("Gemm", [x, weight.upcastRows(block), ...(biases ? [biases[i]!] : [])], {
      transA,
      transB: 1,
      alpha: { float: scale },
    }),
  );
  return columns.length === 1 ? columns[0]! : lowering.node("Concat", columns, { axis: 1 });
}

/** `scale x W`: each block of rows of W adds to all entries of the result. */
function lowerBySums(
  lowering: Lowering,
  weight: MappedWeight,
  { x, transA, scale }: Factor,
): string {
  const blocks = weight.rowBlocks(sumScale);
  const parts = split(lowering, x, blocks, 1 - transA);
  return blocks.reduce<string | undefined>((sum, block, i) => {
    const inputs = [parts[i]!, weight.upcastRows(block), ...(sum === undefined ? [] : [sum])];
    return lowering.node("Gemm", inputs, { transA, alpha: { float: scale } });
  }, undefined)!;
}

/** Splits a value along an axis at the same positions as the row blocks. */
function split(
  lowering: Lowering,
  value: string,
  blocks: readonly { readonly numRows: number }[],
  axis: number,
): readonly string[] {
  if (blocks.length === 1) return [value];
  const sizes = lowering.list(blocks.map(({ numRows }) => numRows));
  return lowering.model.node("Split", [value, sizes], { axis }, blocks.length);
}
