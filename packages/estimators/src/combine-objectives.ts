import { checkFinite, type Objective, type ObjectiveField } from "@turnwise/core";

/**
 * Scales the loss of an objective by `coefficient`; the metrics are not scaled.
 * @throws `RangeError` if the coefficient is not finite.
 */
export function scaleObjective(coefficient: number, objective: Objective): Objective {
  checkFinite("scaleObjective", { coefficient });
  return {
    name: `${coefficient} * ${objective.name}`,
    needs: objective.needs,
    evaluate: (operations, inputs) => {
      const { loss, metrics } = objective.evaluate(operations, inputs);
      return { loss: operations.multiply(loss, coefficient), metrics };
    },
  };
}

/**
 * Sums the losses of objectives, and joins their metrics.
 * @throws `RangeError` for an empty list; on evaluation, `Error` if two objectives report different
 *   values of a metric (`weight` is the same in all).
 */
export function addObjectives(...objectives: readonly Objective[]): Objective {
  const [first, ...rest] = objectives;
  if (first === undefined) {
    throw new RangeError("addObjectives: objectives must not be empty, got length 0");
  }
  return {
    name: objectives.map(({ name }) => name).join(" + "),
    needs: [...new Set<ObjectiveField>(objectives.flatMap(({ needs }) => needs))],
    evaluate: (operations, inputs) => {
      let { loss, metrics } = first.evaluate(operations, inputs);
      for (const objective of rest) {
        const next = objective.evaluate(operations, inputs);
        for (const name of Object.keys(next.metrics)) {
          if (name !== "weight" && name in metrics) {
            throw new Error(
              `addObjectives: ${objective.name} must not report ${name}, which another objective reports`,
            );
          }
        }
        loss = operations.add(loss, next.loss);
        metrics = { ...metrics, ...next.metrics };
      }
      return { loss, metrics };
    },
  };
}
