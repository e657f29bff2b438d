import {
  forestTokens,
  gradients,
  logProbAndEntropy,
  trace,
  type Program,
  type Tensor,
  type Tracer,
} from "@turnwise/graph";
import { adapterTable, type AdapterConfig } from "../lora.ts";
import type { ModelConfig } from "../model-config.ts";
import { parameterTable } from "../parameters.ts";
import { inlineProgram } from "./inline-program.ts";
import type { ObjectiveProgram } from "./objective-program.ts";
import { forwardForest, headWeight, traceModel, type TracedModel } from "./transformer.ts";

/** Options of the learner's programs. */
export interface LearningProgramOptions {
  /** Parts that the output head is computed in, to bound its memory. */
  readonly headChunks: number;
  /** Computed beside the model; then it alone is trained. */
  readonly adapter?: AdapterConfig | undefined;
}

/**
 * The forward pass over a forest of rows, with the head where response tokens are predicted. Inputs,
 * beside the forest's layout (see `forestFeeds`): `tokens`, int32 `[node]`; `predictors`, as indices
 * into them, and `targets`, int32 `[predictor]`; and `predictions`, int32 `[token]`, as indices into
 * `predictors`.
 */
function forwardTokens(
  g: Tracer,
  model: TracedModel,
  { headChunks }: LearningProgramOptions,
): { newLogProbs: Tensor; entropies: Tensor } {
  const tokens = g.input("tokens", "int32", [forestTokens]);
  const predictors = g.input("predictors", "int32", ["predictor"]);
  const targets = g.input("targets", "int32", ["predictor"]);
  const predictions = g.input("predictions", "int32", ["token"]);
  const hidden = forwardForest(model, tokens, predictors);
  const head = headWeight(model);
  const { logProbs, entropies } = logProbAndEntropy(
    g,
    { hidden, head, targets },
    { chunks: headChunks },
  );
  // Rows that go on alike share a predictor.
  return {
    newLogProbs: g.gather(logProbs, predictions),
    entropies: g.gather(entropies, predictions),
  };
}

/** Log-probs and entropies of response tokens: outputs `newLogProbs` and `entropies`, `[token]`. */
export function scoringProgram(
  config: ModelConfig,
  options: LearningProgramOptions,
): Program<"newLogProbs" | "entropies"> {
  return trace((g) => forwardTokens(g, traceModel(g, config, options.adapter), options));
}

/**
 * One microbatch of a training step: the inputs of the scoring program and of the objective (see
 * {@link ObjectiveProgram}); the outputs of both, those of the objective under `objective/<name>`; and
 * the gradient of each trained parameter under `gradient/<name>`.
 */
export function trainingProgram(
  config: ModelConfig,
  objective: ObjectiveProgram,
  options: LearningProgramOptions,
): Program {
  return trace((g): Record<string, Tensor> => {
    const { adapter } = options;
    const model = traceModel(g, config, adapter);
    const table = adapter ? adapterTable(config, adapter) : parameterTable(config);
    const parameters = table.map(({ name }) => model.parameter(name));
    const { newLogProbs, entropies } = forwardTokens(g, model, options);
    const results = inlineProgram(g, objective.program, {
      newLogProbs: g.stopGradient(newLogProbs),
      entropies: g.stopGradient(entropies),
      weights: g.input("weights", "float32", ["token"]),
      responses: g.input("responses", "int32", ["token"]),
      responseAxis: g.input("responseAxis", "float32", ["response"]),
      ...Object.fromEntries(
        objective.needs.map((field) => [field, g.input(field, "float32", ["token"])]),
      ),
    });
    // The objective comes with its gradient, so what is left is linear in what the model gives.
    const share = (output: Tensor, gradient: Tensor): Tensor =>
      g.reduceSum(g.multiply(output, gradient));
    const byLogProbs = share(newLogProbs, results["newLogProbs"]!);
    const linearized = objective.usesEntropies
      ? g.add(byLogProbs, share(entropies, results["entropies"]!))
      : byLogProbs;
    const parameterGradients = gradients(g, linearized, parameters);
    return {
      newLogProbs,
      entropies,
      ...Object.fromEntries(
        Object.entries(results).map(([name, tensor]) => [`objective/${name}`, tensor]),
      ),
      ...Object.fromEntries(
        table.map(({ name }, i) => [`gradient/${name}`, parameterGradients[i]!]),
      ),
    };
  });
}
