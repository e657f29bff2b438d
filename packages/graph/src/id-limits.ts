import type { BoundFeeds, Sizes } from "./bind-feeds.ts";
import { evaluateDimension, type Dimension } from "./dimension.ts";
import type { Operation } from "./operation.ts";
import type { Program } from "./program.ts";
import type { Tensor } from "./tensor.ts";

/** An int32 input whose entries are row ids of a table with `rows` rows. */
export interface IdLimit {
  readonly name: string;
  readonly rows: Dimension;
}

/** Finds the ids that an operation reads, and the number of rows of its table. */
function findIds({ kind, inputs, outputs }: Operation): readonly [Tensor, Dimension] | undefined {
  if (kind === "gather") return [inputs[1]!, inputs[0]!.shape[0]!];
  if (kind === "scatterAdd") return [inputs[1]!, outputs[0]!.shape[0]!];
  if (kind === "replaceRows") return [inputs[2]!, inputs[0]!.shape[0]!];
  if (kind === "takeAlong") return [inputs[1]!, inputs[0]!.shape.at(-1)!];
  if (kind === "scatterAddAlong") return [inputs[1]!, outputs[0]!.shape.at(-1)!];
  if (kind === "rope") return [inputs[3]!, inputs[1]!.shape[0]!];
  return undefined;
}

/** Finds the inputs of a program that are used directly as ids. */
export function idLimits(program: Program): readonly IdLimit[] {
  const names = new Map<number, string>();
  const limits = new Map<string, IdLimit>();
  for (const operation of program.operations) {
    const { kind, inputs, outputs } = operation;
    if (kind === "input") names.set(outputs[0]!.id, operation.attributes.name);
    const source = inputs[0] && names.get(inputs[0].id);
    if (kind === "reshape" && source !== undefined) names.set(outputs[0]!.id, source);
    const [ids, rows] = findIds(operation) ?? [];
    const name = ids && names.get(ids.id);
    if (name !== undefined) limits.set(`${name} ${rows}`, { name, rows: rows! });
  }
  return [...limits.values()];
}

/**
 * Checks that ids are valid rows of their table. ONNX Runtime would accept negative ids and count
 * them from the end.
 * @throws `RangeError` naming the feed, the entry and its range.
 */
export function checkIds(
  where: string,
  limits: readonly IdLimit[],
  feeds: BoundFeeds,
  sizes: Sizes,
): void {
  for (const { name, rows } of limits) {
    const count = evaluateDimension(rows, sizes);
    const feed = feeds[name]!;
    // Resident tensors are float32, never ids.
    if (!("data" in feed)) continue;
    const { data } = feed;
    for (let i = 0; i < data.length; i++) {
      if (data[i]! >= 0 && data[i]! < count) continue;
      throw new RangeError(
        `${where}: feed ${name}[${i}] must be an id in [0, ${count - 1}], got ${data[i]}`,
      );
    }
  }
}
