import type {
  Objective,
  ObjectiveField,
  ObjectiveInputs,
  PlainTensor,
  Segments,
} from "@turnwise/core";
import { checkObjectiveInputs } from "./check-objective-inputs.ts";
import { createTape, type TapeTensor } from "./tape.ts";

/**
 * Linearization of an objective at one point: its value, and its gradient with respect to every
 * per-token input.
 */
export interface Linearization {
  readonly loss: number;
  /** Metrics as weighted sums, as the objective returns them. */
  readonly metrics: Readonly<Record<string, number>>;
  /** `d loss / d newLogProbs`, `[token]`. */
  readonly newLogProbs: PlainTensor;
  /** `d loss / d entropies`, `[token]`; all 0 unless the objective reads entropies. */
  readonly entropies: PlainTensor;
  /** `d loss / d values`, `[token]`, if the objective needs values. */
  readonly values?: PlainTensor;
}

/**
 * Computes the gradient of an objective with respect to its per-token inputs, in float64. By the
 * chain rule, `sum(stopGradient(linearization.newLogProbs) * newLogProbs)` has the same gradient
 * with respect to the model weights as the objective, so any engine that can weight log-probs can
 * train the objective.
 *
 * @param inputs - Plain arrays; tokens of weight 0 may have any values, and get a gradient of 0.
 * @throws `RangeError` if lengths differ, a counted token has a log-prob that is positive or not
 *   finite, a negative entropy or a field that is not finite, or if the loss or a gradient is not
 *   finite; the message names the token. `TypeError` if a field is missing.
 *
 * @example
 * const { newLogProbs } = linearize(clippedSurrogate(), inputs);
 * const advantagesToSend = newLogProbs.map((slope) => -slope); // "importance_sampling" at ratio 1
 */
export function linearize(
  objective: Objective,
  inputs: ObjectiveInputs<PlainTensor, Segments>,
): Linearization {
  checkObjectiveInputs("linearize", inputs, objective.needs);
  const tape = createTape();
  const newLogProbs = tape.constant(inputs.newLogProbs);
  const entropies = tape.constant(inputs.entropies);
  const fields: Partial<Record<ObjectiveField, TapeTensor>> = {};
  for (const name of objective.needs) {
    const field = inputs.fields[name];
    if (field !== undefined) fields[name] = tape.constant(field);
  }
  const { loss, metrics } = objective.evaluate(tape.operations, {
    newLogProbs,
    entropies,
    weights: tape.constant(inputs.weights),
    responses: inputs.responses,
    fields,
  });

  const { values } = fields;
  const [byLogProb, byEntropy, byValue] = tape.gradients(loss, [
    newLogProbs,
    entropies,
    ...(values === undefined ? [] : [values]),
  ]);
  const value = loss.value[0]!;
  if (!Number.isFinite(value)) {
    throw new RangeError(`linearize: ${objective.name} must be finite, got ${value}`);
  }
  checkSlopes("newLogProbs", byLogProb!);
  checkSlopes("entropies", byEntropy!);
  if (byValue !== undefined) checkSlopes("values", byValue);
  return {
    loss: value,
    metrics: Object.fromEntries(
      Object.entries(metrics).map(([name, metric]) => [name, metric.value[0]!]),
    ),
    newLogProbs: byLogProb!,
    entropies: byEntropy!,
    ...(byValue !== undefined && { values: byValue }),
  };
}

function checkSlopes(name: string, slopes: PlainTensor): void {
  const index = slopes.findIndex((slope) => !Number.isFinite(slope));
  if (index === -1) return;
  throw new RangeError(
    `linearize: gradient of ${name}[${index}] must be finite, got ${slopes[index]}`,
  );
}
