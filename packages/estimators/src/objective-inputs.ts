import type { ObjectiveField, ObjectiveInputs, TensorOperations } from "@turnwise/core";

/** Inputs of an objective with all required fields present; entries are 0 where the weight is 0. */
export interface MaskedInputs<T, S> {
  readonly newLogProbs: T;
  readonly entropies: T;
  readonly weights: T;
  readonly responses: S;
  readonly field: (name: ObjectiveField) => T;
}

/**
 * Replaces values at tokens of weight 0 by 0, so that not even NaN has an effect.
 * @throws `TypeError` if a requested field is absent.
 */
export function maskInputs<T, S>(
  where: string,
  operations: TensorOperations<T, S>,
  inputs: ObjectiveInputs<T, S>,
): MaskedInputs<T, S> {
  const { weights, responses, fields } = inputs;
  const shown = new Map<T, T>();
  // Mask each list once, on demand, so that entropies are not part of the graph unless they are
  // read.
  const visible = (values: T): T => {
    const known = shown.get(values) ?? operations.where(weights, values, 0);
    shown.set(values, known);
    return known;
  };
  return {
    get newLogProbs(): T {
      return visible(inputs.newLogProbs);
    },
    get entropies(): T {
      return visible(inputs.entropies);
    },
    weights,
    responses,
    field: (name) => {
      const values = fields[name];
      if (values === undefined) {
        throw new TypeError(`${where}: fields.${name} must be given, got undefined`);
      }
      return visible(values);
    },
  };
}

/** Computes `sum(weights * values)`, the contribution of a token loss or metric. */
export function weightedSum<T, S>(operations: TensorOperations<T, S>, weights: T, values: T): T {
  return operations.sum(operations.multiply(weights, values));
}

/**
 * Clamps `values` to `[low, high]`; the gradient is 0 outside. An infinite limit adds no operation.
 */
export function clamp<T, S>(
  operations: TensorOperations<T, S>,
  values: T,
  low: number,
  high: number,
): T {
  const floored = low === -Infinity ? values : operations.maximum(values, low);
  return high === Infinity ? floored : operations.minimum(floored, high);
}

/**
 * Formats the name of an objective: `clipped-surrogate(clipLow=0.2,clipHigh=0.28)`. Undefined
 * options are omitted.
 */
export function objectiveName(
  base: string,
  options: Readonly<Record<string, number | string | undefined>>,
): string {
  const parts = Object.entries(options)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${value}`);
  return parts.length > 0 ? `${base}(${parts.join(",")})` : base;
}
