import { trace, traceAdamW, type Program, type Tensor } from "@turnwise/graph";
import type { ParameterSpec } from "../model/shape/parameters.ts";
import { sumPrefix } from "./trained-state.ts";

/** The squares of all entries of each sum of gradients, added up: output `squares`, `[parameter]`. */
export function squaresProgram(table: readonly ParameterSpec[]): Program<"squares"> {
  return trace((g) => {
    const sums = table.map(({ name, shape }): Tensor => {
      const gradient = g.input(sumPrefix + name, "float32", shape);
      // By rows first, which many threads of a device do side by side.
      const rows = g.reduceSum(g.multiply(gradient, gradient), { axes: [-1] });
      return g.reshape(g.reduceSum(rows), [1]);
    });
    return { squares: sums.length === 1 ? sums[0]! : g.concat(sums, 0) };
  });
}

/** What a step of AdamW changes. */
export const changedParts = ["parameter", "firstMoment", "secondMoment"] as const;

/** The input with AdamW's coefficients for tensors of so many axes: matrices may decay alone. */
export const coefficientsFor = (rank: number): string =>
  rank > 1 ? "coefficients of matrices" : "coefficients of vectors";

/**
 * A step of AdamW on some parameters: inputs `0/parameter`, `0/gradient`, `0/firstMoment` and
 * `0/secondMoment` and so on, the numbers being places in the list, and the coefficients; the outputs
 * have the names of the inputs that they follow.
 * @param ranks - How many axes each parameter has; sizes are left open.
 */
export function stepProgram(ranks: readonly number[]): Program {
  return trace((g) => {
    const outputs: Record<string, Tensor> = {};
    ranks.forEach((rank, i) => {
      const shape = Array.from({ length: rank }, (_, axis) => `size${i}_${axis}`);
      const input = (part: string): Tensor => g.input(`${i}/${part}`, "float32", shape);
      const coefficients = coefficientsFor(rank);
      const next = traceAdamW(
        g,
        {
          parameter: input("parameter"),
          gradient: input("gradient"),
          firstMoment: input("firstMoment"),
          secondMoment: input("secondMoment"),
        },
        g.inputs[coefficients] ?? g.input(coefficients, "float32", [9]),
      );
      for (const part of changedParts) outputs[`${i}/${part}`] = next[part];
    });
    return outputs;
  });
}

/**
 * Parameters that one run changes: those of a layer, for layers are alike and share a program. Few, so
 * that few are in memory twice; and enough that runs are few.
 */
export function inGroups(table: readonly ParameterSpec[]): ParameterSpec[][] {
  const groups = new Map<string, ParameterSpec[]>();
  for (const spec of table) {
    const key = /^model\.layers\.\d+\./.exec(spec.name)?.[0] ?? spec.name;
    const group = groups.get(key) ?? [];
    group.push(spec);
    groups.set(key, group);
  }
  return [...groups.values()];
}
