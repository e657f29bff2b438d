import { trace, traceAdamW, type Program, type Tensor } from "@turnwise/graph";
import type { ParameterSpec } from "../model/shape/parameters.ts";
import { sumPrefix } from "./trained-state.ts";

/** Traces the sum of squares of each gradient sum; output `squares`, `[parameter]`. */
export function traceSquaredNorms(table: readonly ParameterSpec[]): Program<"squares"> {
  return trace((g) => {
    const sums = table.map(({ name, shape }): Tensor => {
      const gradient = g.input(sumPrefix + name, "float32", shape);
      // Sum each row first: rows are processed in parallel on a device.
      const rows = g.reduceSum(g.multiply(gradient, gradient), { axes: [-1] });
      return g.reshape(g.reduceSum(rows), [1]);
    });
    return { squares: sums.length === 1 ? sums[0]! : g.concat(sums, 0) };
  });
}

/** Tensors that an AdamW step updates. */
export const changedParts = ["parameter", "firstMoment", "secondMoment"] as const;

/**
 * Name of the input with AdamW's coefficients for tensors of a given rank; weight decay may apply
 * to matrices only.
 */
export const coefficientsInput = (rank: number): string =>
  rank > 1 ? "coefficients of matrices" : "coefficients of vectors";

/**
 * Traces an optimizer step of AdamW on several parameters: inputs `0/parameter`, `0/gradient`,
 * `0/firstMoment`,
 * `0/secondMoment` and so on, numbered by position in the list, and the coefficients; each output
 * has the name of the input that it replaces.
 * @param ranks - Rank of each parameter; sizes are symbolic.
 */
export function traceOptimizerStep(ranks: readonly number[]): Program {
  return trace((g) => {
    const outputs: Record<string, Tensor> = {};
    ranks.forEach((rank, i) => {
      const shape = Array.from({ length: rank }, (_, axis) => `size${i}_${axis}`);
      const input = (part: string): Tensor => g.input(`${i}/${part}`, "float32", shape);
      const coefficients = coefficientsInput(rank);
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
 * Groups parameters for updates: one run of a program updates one group. The parameters of a layer
 * form a group, so that equal layers share a program. Small groups need less memory for copies;
 * large groups need fewer runs.
 */
export function groupParameters(table: readonly ParameterSpec[]): ParameterSpec[][] {
  const groups = new Map<string, ParameterSpec[]>();
  for (const spec of table) {
    const key = /^model\.layers\.\d+\./.exec(spec.name)?.[0] ?? spec.name;
    const group = groups.get(key) ?? [];
    group.push(spec);
    groups.set(key, group);
  }
  return [...groups.values()];
}
