import type { Objective, ObjectiveField } from "@turnwise/core";
import { gradients, graphOperations, trace, type Program, type Tensor } from "@turnwise/graph";

/**
 * Objective and its gradient as a traced program. It is plain data that can be sent to another
 * thread and inlined into a training step there.
 *
 * Inputs, over the response tokens of a microbatch: `newLogProbs`, `entropies`, `weights`, and each
 * field that the objective needs, float32 `[token]`; `responses`, int32 `[token]`; and
 * `responseAxis`, float32 `[response]`; only its length is used. Outputs: `loss`, `metric/<name>`
 * for each metric, and the gradients of the loss, `[token]`: `newLogProbs`,
 * `entropies`, and `values` if the objective needs them.
 */
export interface ObjectiveProgram {
  readonly name: string;
  readonly needs: readonly ObjectiveField[];
  /** Names of the metrics, in the objective's order. */
  readonly metrics: readonly string[];
  /** True if the loss depends on the entropies. */
  readonly usesEntropies: boolean;
  readonly program: Program;
}

/**
 * Traces an objective.
 * @throws `RangeError` if the loss or a metric is not a scalar; any error that the objective
 *   throws.
 */
export function traceObjective({ name, needs, evaluate }: Objective): ObjectiveProgram {
  let metrics: string[] = [];
  const program = trace((g): Record<string, Tensor> => {
    const input = (field: string): Tensor => g.input(field, "float32", ["token"]);
    const newLogProbs = input("newLogProbs");
    const entropies = input("entropies");
    const ids = g.input("responses", "int32", ["token"]);
    g.input("responseAxis", "float32", ["response"]);
    const fields: Partial<Record<ObjectiveField, Tensor>> = Object.fromEntries(
      needs.map((field) => [field, input(field)]),
    );
    const result = evaluate(graphOperations(g), {
      newLogProbs,
      entropies,
      weights: input("weights"),
      responses: { ids, count: "response" },
      fields,
    });
    for (const [key, { shape }] of Object.entries({ loss: result.loss, ...result.metrics })) {
      if (shape.length > 0) {
        throw new RangeError(
          `traceObjective: ${key} of ${name} must be a scalar, got shape [${shape.join(", ")}]`,
        );
      }
    }
    metrics = Object.keys(result.metrics);
    const { values } = fields;
    const [byLogProbs, byEntropies, byValues] = gradients(g, result.loss, [
      newLogProbs,
      entropies,
      ...(values ? [values] : []),
    ]);
    return {
      loss: result.loss,
      ...Object.fromEntries(metrics.map((key) => [`metric/${key}`, result.metrics[key]!])),
      newLogProbs: byLogProbs!,
      entropies: byEntropies!,
      ...(byValues && { values: byValues }),
    };
  });
  return {
    name,
    needs,
    metrics,
    usesEntropies: !isZero(program, program.outputs["entropies"]!),
    program,
  };
}

/** True if a gradient is the constant zero that represents a missing gradient. */
function isZero({ operations }: Program, tensor: Tensor): boolean {
  const producer = operations.find(({ outputs }) => outputs.some(({ id }) => id === tensor.id));
  if (producer?.kind === "expand") {
    const scalar = producer.inputs[0]!;
    const constant = operations.find(({ outputs }) => outputs.some(({ id }) => id === scalar.id));
    return (
      constant?.kind === "constant" && constant.attributes.values.every((value) => value === 0)
    );
  }
  return false;
}
