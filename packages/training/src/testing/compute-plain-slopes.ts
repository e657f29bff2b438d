import {
  plainOperations,
  type Objective,
  type ObjectiveInputs,
  type PlainTensor,
  type Segments,
  type TensorOperations,
} from "@turnwise/core";

type PlainInputs = ObjectiveInputs<PlainTensor, Segments>;

/** Loss of an objective on plain arrays, and its gradient, `[token]`. */
export interface PlainSlopes {
  readonly loss: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly newLogProbs: Float64Array;
  readonly entropies: Float64Array;
  /** Gradient with respect to values; empty if the objective reads no values. */
  readonly values: Float64Array;
}

/** Half the distance between the two evaluations. */
const step = 1e-5;

/**
 * Differentiates an objective by central differences on float64 arrays, without a tape or graph.
 * Values under `stopGradient` are held constant.
 */
export function computePlainSlopes(objective: Objective, inputs: PlainInputs): PlainSlopes {
  const constants: PlainTensor[] = [];
  const recorded = objective.evaluate(
    withStops((value) => {
      constants.push(value);
      return value;
    }),
    inputs,
  );
  const lossAt = (changed: PlainInputs): number => {
    let next = 0;
    return objective.evaluate(
      withStops(() => constants[next++]!),
      changed,
    ).loss[0]!;
  };
  const slopesOf = (values: PlainTensor, put: (values: PlainTensor) => PlainInputs): Float64Array =>
    values.map((value, i) => {
      const above = lossAt(put(values.with(i, value + step)));
      const below = lossAt(put(values.with(i, value - step)));
      return (above - below) / (2 * step);
    });
  const { values } = inputs.fields;
  return {
    loss: recorded.loss[0]!,
    metrics: Object.fromEntries(
      Object.entries(recorded.metrics).map(([name, value]) => [name, value[0]!]),
    ),
    newLogProbs: slopesOf(inputs.newLogProbs, (newLogProbs) => ({ ...inputs, newLogProbs })),
    entropies: slopesOf(inputs.entropies, (entropies) => ({ ...inputs, entropies })),
    values:
      values === undefined
        ? new Float64Array()
        : slopesOf(values, (changed) => ({
            ...inputs,
            fields: { ...inputs.fields, values: changed },
          })),
  };
}

function withStops(stop: (value: PlainTensor) => PlainTensor): TensorOperations<PlainTensor> {
  return { ...plainOperations, stopGradient: stop };
}

/**
 * Loss with given gradients: `sum(advantages * newLogProbs + returns * entropies + oldValues *
 * values)`, where the three fields contain the gradients of another objective. Its gradient with
 * respect to the weights then equals that of the other objective.
 */
export const linearObjective: Objective = {
  name: "linear",
  needs: ["advantages", "returns", "oldValues", "values"],
  evaluate: (operations, { newLogProbs, entropies, weights, fields }) => {
    const both = operations.add(
      operations.multiply(fields.advantages!, newLogProbs),
      operations.multiply(fields.returns!, entropies),
    );
    const total = operations.add(both, operations.multiply(fields.oldValues!, fields.values!));
    return { loss: operations.sum(operations.multiply(weights, total)), metrics: {} };
  },
};
